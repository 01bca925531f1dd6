#!/usr/bin/env python3
"""Every command of the project: python3 dev.py --help. Needs Python 3.11 or later and nothing else."""

import os
import shutil
import sys


def _use_newer_python() -> None:
    """Start again under the newest usable Python on the path, or say that none was found."""
    for name in ("python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        if found:
            os.execv(found, [found, os.path.abspath(__file__), *sys.argv[1:]])  # noqa: S606  # a program that was found before
    sys.exit("Kist needs Python 3.11 or later; this is %d.%d." % sys.version_info[:2])  # noqa: UP031  # older versions read this line too


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  # older versions read this line too
        _use_newer_python()
    from devtools.cli import main

    sys.exit(main(sys.argv[1:]))
