"""The page about imports is true: every field, transform, cause, problem and refusal stands in it as it is."""

from pathlib import Path

from core.errors import KistError
from lms.services.imports import errors
from lms.services.imports.causes import Cause
from lms.services.imports.loan_fields import DATE_FORMATS, FIELDS, MONTH_FORMATS, TRANSFORMS, TapeStatus
from lms.services.imports.problems import PROBLEMS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "import.md").read_text(encoding="utf-8")


def test_every_field_is_described() -> None:
    rows = [
        f"| `{field.name}` | {field.type} | {'yes' if field.is_required else ''} | {field.meaning} |"
        for field in FIELDS.values()
    ]

    assert [row for row in rows if row not in PAGE] == []


def test_every_word_of_a_map_is_described() -> None:
    words = [*TRANSFORMS, *DATE_FORMATS, *MONTH_FORMATS, *TapeStatus, *(cause for cause in Cause if cause)]

    assert [word for word in words if f"`{word}`" not in PAGE] == []


def test_every_reason_to_reject_a_row_is_listed_with_its_words() -> None:
    assert [code for code, text in PROBLEMS.items() if f"| `{code}` | {text} |" not in PAGE] == []


def test_every_refusal_is_listed_with_its_words() -> None:
    refusals = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, KistError)]

    assert [kind.code for kind in refusals if kind is not KistError and kind.code not in PAGE] == []
    assert [kind.template for kind in refusals if kind is not KistError and kind.template not in PAGE] == []
