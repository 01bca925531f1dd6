"""Pages as PDF/A-2b: the same data gives the same bytes, in any process and at any time."""

import json
import threading
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import typst

PAGE_FORM: Final = 1
_FOLDER: Final = Path(__file__).resolve().parent
# Fonts, forms and the version of the typesetter make the bytes.
RENDERER: Final = f"typst {version('typst')}"
# The form prints the day of issue; the clock of the machine has no part in a file.
_NO_CLOCK: Final = 0
_lock = threading.Lock()


def pdf_render(*, content: Mapping[str, Any], page_form: int = PAGE_FORM) -> bytes:
    """Set a page as PDF/A-2b; the compiler with its fonts stays in memory after the first call.

    Args:
        content: what `page_number` returns.
        page_form: the form that the document was issued with.
    """
    data = json.dumps(content, ensure_ascii=False)
    with _lock:
        made = _compiler(page_form).compile(
            format="pdf", sys_inputs={"data": data}, pdf_standards="a-2b", timestamp=_NO_CLOCK
        )
    assert isinstance(made, bytes)  # noqa: S101  # one file: only images come as a list
    return made


def png_render(*, content: Mapping[str, Any], page_form: int = PAGE_FORM, ppi: int = 100) -> list[bytes]:
    """Set a page as one picture for each sheet, to be looked at."""
    data = json.dumps(content, ensure_ascii=False)
    with _lock:
        made = _compiler(page_form).compile(format="png", ppi=ppi, sys_inputs={"data": data}, timestamp=_NO_CLOCK)
    sheets = made if isinstance(made, list) else [made]
    return [sheet for sheet in sheets if sheet is not None]


@cache
def _compiler(page_form: int) -> typst.Compiler:
    return typst.Compiler(
        input=str(_FOLDER / "forms" / f"{page_form}.typ"),
        root=str(_FOLDER),
        font_paths=[str(_FOLDER / "fonts")],
        ignore_system_fonts=True,
    )
