"""The journal of a tax document: from what loans charged to what is owed to the tax offices, and back."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from ledger.chart import GST_BORNE, GST_CHARGED, GST_ELSEWHERE, GST_GIVEN_BACK
from ledger.gst.accounts import CGST, IGST, SGST
from ledger.models import Account, Journal, TaxDocument, TaxDocumentReason
from ledger.services.content import content_hash
from ledger.services.periods import booking_check
from ledger.services.posting import Leg, Posting, posting_save, sync_accounts

REFERENCE_TYPE: Final = "ledger.taxdocument"
_WAIVERS: Final = (TaxDocumentReason.WAIVED, TaxDocumentReason.WAIVER_REVERSED)


def tax_key(*, number: str) -> str:
    """Return the idempotency key of a document's journal."""
    return f"ledger.gst:{number}"


def document_post(*, document: TaxDocument, accounts: Mapping[str, int]) -> Journal | None:
    """Post the tax of a saved document, booked on the day of its issue; None where the tax rounds to nothing.

    A charge's tax comes from what loans charged; that of a waiver was booked as waived, and comes back from there.
    The journal has no product: the control accounts of products hold what loans post, and nothing else.

    Args:
        accounts: keys of the accounts, as `gst_account_ids` gives them for the document's state.
    """
    other = accounts[GST_GIVEN_BACK if document.reason in _WAIVERS else GST_CHARGED]
    parts = ((CGST, document.cgst_paise), (SGST, document.sgst_paise), (IGST, document.igst_paise))
    legs = [_leg(other, accounts[tax], document.sign * amount) for tax, amount in parts if amount]
    return _post(
        legs=legs,
        key=tax_key(number=document.number),
        event=document.kind,
        reference=(REFERENCE_TYPE, document.pk),
        value_date=document.issued_on,
        narration=document.number,
    )


def tax_elsewhere_post(
    *,
    tax_paise: int,
    key: str,
    reference_type: str,
    reference_id: int,
    booked_on: date,
    narration: str,
    is_borne: bool = False,
) -> Journal | None:
    """Take tax that has no document out of what is to be invoiced here; a negative amount takes it back.

    Args:
        key: names the posting once and for all.
        is_borne: the lender has paid it and gets it back no more; otherwise another system has invoiced it.
    """
    other = GST_BORNE if is_borne else GST_ELSEWHERE
    accounts = dict(Account.objects.filter(code__in=(GST_CHARGED, other)).values_list("code", "pk"))
    legs = [_leg(accounts[GST_CHARGED], accounts[other], tax_paise)] if tax_paise else []
    return _post(
        legs=legs,
        key=key,
        event="TAX_BORNE" if is_borne else "TAX_ELSEWHERE",
        reference=(reference_type, reference_id),
        value_date=booked_on,
        narration=narration,
    )


def _leg(debit_id: int, credit_id: int, amount_paise: int) -> Leg:
    return Leg(debit_id, credit_id, amount_paise) if amount_paise > 0 else Leg(credit_id, debit_id, -amount_paise)


def _post(
    *, legs: Sequence[Leg], key: str, event: str, reference: tuple[str, int], value_date: date, narration: str
) -> Journal | None:
    if not legs:
        return None
    booking_check(booked_on=value_date)
    content = [event, *reference, [[leg.debit_account_id, leg.credit_account_id, leg.amount_paise] for leg in legs]]
    journal = Journal(
        idempotency_key=key,
        content_hash=content_hash(content=content),
        event=event,
        reference_type=reference[0],
        reference_id=reference[1],
        product_code="",
        value_date=value_date,
        booked_on=value_date,
        legs=len(legs),
        total_paise=sum(leg.amount_paise for leg in legs),
        narration=narration,
    )
    accounts = {account_id for leg in legs for account_id in (leg.debit_account_id, leg.credit_account_id)}
    return posting_save(posting=Posting(journal, legs), sync_ids=sync_accounts(account_ids=accounts))
