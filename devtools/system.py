"""Packages of the operating system: installed where this user may, named otherwise."""

import os
import shutil
import subprocess

from devtools.console import Skipped, say
from devtools.paths import VAR, child_environ
from devtools.processes import Processes


def apt_install(*, packages: tuple[str, ...], reason: str, processes: Processes) -> None:
    """Install Debian packages.

    Raises:
        Skipped: this is no such system, or this user may not; the message is the command to run.
        Failed: the installation went wrong.
    """
    prefix = _rights()
    if prefix is None:
        raise Skipped(f"{reason}; to have it: apt-get install {' '.join(packages)}")
    say(f"  {reason}: installing {' '.join(packages)} by apt")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    log = VAR / "log" / "apt.log"
    # The list of packages may be missing or old: refresh it first, it is cheap.
    processes.run_logged([*apt, "update"], what="apt-get update", log=log, env=child_environ())
    processes.run_logged(install, what="apt-get install", log=log, env=child_environ())


def _rights() -> list[str] | None:
    """Return what goes before apt-get, or None where it cannot be used without asking for a password."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None
