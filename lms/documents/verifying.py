"""What anyone may ask about a document without logging in: is it genuine, and does it still hold."""

import hashlib
import re
from enum import StrEnum
from typing import Final

from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from lms.documents.pages import CODE_LENGTH
from lms.models.document import Document

FILE_MAX_BYTES: Final = 4 * 1024 * 1024
_NUMBER = re.compile(r"[A-Z]{3}-[0-9]{4}-[0-9]{2}-[0-9]{6}")
_CODE = re.compile(rf"[0-9a-f]{{{CODE_LENGTH}}}")


class Verdict(StrEnum):
    """The only thing that the public page reveals."""

    GENUINE = "GENUINE"
    SUPERSEDED = "SUPERSEDED"
    WITHDRAWN = "WITHDRAWN"
    UNKNOWN = "UNKNOWN"


def document_verify(*, number: str, code: str) -> Verdict:
    """Say whether a number and its code were issued together, and whether the document still holds.

    A number that does not exist and a code that does not belong to it are answered alike.

    Args:
        code: as printed; spaces and case do not matter.
    """
    given = re.sub(r"[\s-]", "", code).lower()
    wanted = number.strip().upper()
    if not _NUMBER.fullmatch(wanted) or not _CODE.fullmatch(given):
        return Verdict.UNKNOWN
    document = _light().filter(number=wanted).first()
    kept = document.content_hash[:CODE_LENGTH] if document else "-" * CODE_LENGTH
    is_right = constant_time_compare(kept, given)
    return _standing(document) if document and is_right else Verdict.UNKNOWN


def file_verify(*, content: bytes) -> Verdict:
    """Say whether a file is, byte by byte, one that was issued, and whether it still holds; the file is not kept."""
    document = _light().filter(pdf_sha256=hashlib.sha256(content).hexdigest()).first()
    return _standing(document) if document else Verdict.UNKNOWN


def _light() -> QuerySet[Document]:
    rows = Document.objects.select_related("superseded_by")
    return rows.only("content_hash", "withdrawn_at", "superseded_by__id", "number")


def _standing(document: Document) -> Verdict:
    if document.withdrawn_at is not None:
        return Verdict.WITHDRAWN
    return Verdict.SUPERSEDED if hasattr(document, "superseded_by") else Verdict.GENUINE
