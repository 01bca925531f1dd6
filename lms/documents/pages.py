"""The whole page of a document as data: letterhead, parties, blocks, and how to verify it."""

import hashlib
import io
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import segno

from customers.addresses import customer_address
from customers.models import Customer
from lms.documents.blocks import Block, pairs
from lms.documents.cases import Figures
from lms.documents.formats import on_day
from lms.documents.texts import Wording
from lms.models import Loan
from lms.models.document import DocumentKind, LenderProfile

CODE_LENGTH = 16

Page = dict[str, Any]


def page_head(*, loan: Loan, say: Wording, on_date: date) -> list[Block]:
    """Say whose loan the document is about."""
    return [
        pairs(
            [
                (say("borrower"), loan.customer.full_name),
                (say("loan"), loan.number),
                (say("address"), _address(loan.customer, on_date)),
                (say("product"), loan.product_version.product.name),
            ]
        )
    ]


def page_build(
    *,
    kind: DocumentKind,
    say: Wording,
    blocks: list[Block],
    figures: Figures,
    lender: LenderProfile,
    issued_on: date,
) -> Page:
    """Put everything together but the number, which is taken when the row is written; all texts are final."""
    return {
        "kind": kind.value,
        "language": say.language.value.lower(),
        "title": say(kind.value),
        "subtitle": _subtitle(figures, say),
        "issued": {"year": issued_on.year, "month": issued_on.month, "day": issued_on.day},
        "page_word": say("page"),
        "lender": {"name": lender.name, "lines": _letterhead(lender, say)},
        "blocks": blocks,
        "closing": [say("no_signature")],
    }


def page_number(
    *, page: Page, number: str, issued_on: date, site: str, say: Wording, replaces: str
) -> tuple[Page, str]:
    """Give the page its number, and the code and address by which anyone can verify it.

    Returns:
        The page as it is printed, and the hash of what it says.
    """
    issued = f"{say('issued_on')} {on_day(issued_on.isoformat())}"
    subtitle = " · ".join(part for part in (page["subtitle"], issued) if part)
    closing = [*([say("supersedes", number=replaces)] if replaces else []), *page["closing"]]
    said = {**page, "number": number, "subtitle": subtitle, "closing": closing}
    content_hash = content_hash_of(content=said)
    code = content_hash[:CODE_LENGTH]
    address = f"{site}/verify/{number}/{code}/"
    verify = {
        "address": address,
        "lines": [say("verify"), address],
        "code": say("code", code=" ".join(code[place : place + 4] for place in range(0, CODE_LENGTH, 4))),
        "qr": _qr(address),
    }
    return {**said, "verify": verify}, content_hash


def content_hash_of(*, content: Mapping[str, Any]) -> str:
    """Return the hash of everything that a document says, apart from the part that verifies it."""
    said = {name: value for name, value in content.items() if name != "verify"}
    canonical = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _subtitle(figures: Figures, say: Wording) -> str:
    if "financial_year" in figures:
        return say("financial_year", label=figures["financial_year"])
    if "from_date" in figures and "to_date" in figures:
        return f"{on_day(figures['from_date'])} – {on_day(figures['to_date'])}"
    return f"{say('as_of')} {on_day(figures['as_of'])}" if "as_of" in figures else ""


def _letterhead(lender: LenderProfile, say: Wording) -> list[str]:
    numbers = [say("registration", number=lender.registration_number)]
    if lender.company_number:
        numbers.append(say("company", number=lender.company_number))
    return [
        lender.address,
        ", ".join(numbers),
        say("contact", phone=lender.phone, email=lender.email),
        say("grievance", officer=lender.grievance_officer),
    ]


def _address(customer: Customer, on_date: date) -> str:
    address = customer_address(customer=customer, on_date=on_date)
    if address is None:
        return "–"
    parts = (address.line_1, address.line_2, address.city, address.pin_code)
    return ", ".join(part for part in parts if part)


def _qr(address: str) -> str:
    """Draw the address as a QR code, one path of SVG."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", border=0, xmldecl=False, omitsize=True)
    return drawn.getvalue().decode()
