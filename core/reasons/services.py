"""Which reason codes an act has on a day, and how the list grows."""

import re
from datetime import date
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from core import audit
from core.business_date import business_date
from core.reasons.errors import ReasonCodeInvalid, ReasonCodeMissing, ReasonCodeTaken, ReasonCodeUnknown
from core.reasons.models import ReasonCode

ANY_ACT: Final = "ANY"
TEXT_LENGTH: Final = 120
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,39}")
_FIRST_DAY = date(2000, 1, 1)
_FIRST: Final[dict[str, dict[str, str]]] = {
    ANY_ACT: {
        "BORROWER_ASKED": "The borrower asked for it",
        "STAFF_MISTAKE": "A mistake of ours is put right",
        "SYSTEM_MISTAKE": "A mistake of a system is put right",
        "COURT_OR_REGULATOR": "A court or the regulator ordered it",
        "OTHER": "Another reason, as written",
    },
    "waive": {
        "GOODWILL": "Goodwill after a complaint",
        "HARDSHIP": "The borrower is in hardship",
        "DISPUTED_CHARGE": "The charge is disputed",
    },
    "settle": {"HARDSHIP": "The borrower is in hardship", "DEATH": "The borrower has died"},
    "write-off": {
        "NO_RECOVERY": "Nothing more is expected",
        "TECHNICAL": "Technical: recovery goes on",
        "DEATH": "The borrower has died",
        "FRAUD": "Fraud",
    },
    "reverse": {
        "WRONG_LOAN": "It belongs to another loan",
        "WRONG_AMOUNT": "The amount was wrong",
        "DUPLICATE": "It was posted twice",
        "PAYMENT_RETURNED": "The bank took the payment back",
    },
    "reschedule": {"HARDSHIP": "The borrower is in hardship", "CALAMITY": "A calamity in the borrower's district"},
    "moratorium": {"HARDSHIP": "The borrower is in hardship", "CALAMITY": "A calamity in the borrower's district"},
    "rate": {"BENCHMARK": "The benchmark rate moved", "RETENTION": "To keep the borrower"},
    "bureau-refuse": {
        "REPORTED_RIGHT": "The record is right as it was reported",
        "NO_PROOF": "Proof was asked for and not given",
        "OTHER_LENDER": "The account is another lender's",
        "OTHER_PERSON": "The record is not the complainant's",
    },
    "refund": {"OVERPAID": "The borrower paid more than was due"},
}


def reason_codes(*, act: str, on_date: date) -> QuerySet[ReasonCode]:
    """Return the codes that an act may be done for on a day: its own and those of all acts, by code.

    Args:
        act: slug of the act, such as `waive`.
        on_date: the business date.
    """
    in_force = Q(active_from__lte=on_date) & (Q(active_until__isnull=True) | Q(active_until__gte=on_date))
    return ReasonCode.objects.filter(in_force, act_group__in=(act, ANY_ACT)).order_by("act_group", "code")


def reason_code_check(*, act: str, code: str, on_date: date, is_required: bool = True) -> str:
    """Return the code when the act may be done for it on a day; "" when none is given and none is needed.

    Raises:
        ReasonCodeMissing: none is given and one is needed.
        ReasonCodeUnknown: the code is not in force for the act.
    """
    if not code and not is_required:
        return ""
    codes = list(dict.fromkeys(reason_codes(act=act, on_date=on_date).values_list("code", flat=True)))
    if code in codes:
        return code
    shown = ", ".join(codes) or "there is none"
    if not code:
        raise ReasonCodeMissing(act=act, codes=shown)
    raise ReasonCodeUnknown(act=act, reason_code=code[:40], on_date=on_date, codes=shown)


@transaction.atomic
def reason_code_add(
    *, act: str, code: str, text: str, active_from: date, actor: User, active_until: date | None = None
) -> ReasonCode:
    """Add a code to an act, or to all of them (`ANY`), from the business date or a later day on.

    Raises:
        ReasonCodeInvalid: code, text or days are not as they have to be.
        ReasonCodeTaken: the act has the code.
    """
    today = business_date()
    is_dated = today <= active_from <= (active_until or active_from)
    if not (_CODE.fullmatch(code) and 0 < len(text.strip()) <= TEXT_LENGTH and is_dated):
        raise ReasonCodeInvalid(most=TEXT_LENGTH, business_date=today)
    try:
        with transaction.atomic():
            row = ReasonCode.objects.create(
                act_group=act, code=code, text=text.strip(), active_from=active_from, active_until=active_until
            )
    except IntegrityError:
        raise ReasonCodeTaken(act=act, reason_code=code) from None
    detail = {"act": act, "code": code, "from": active_from.isoformat()}
    audit.record(actor=actor, action="core.reason_code_add", obj=row, detail=detail)
    return row


@transaction.atomic
def reason_code_end(*, reason_code_id: int, active_until: date, actor: User) -> ReasonCode:
    """Set the last day of a code, today or later; what was done for it keeps it.

    Raises:
        ReasonCodeInvalid: the day is past, or before the code begins.
    """
    today = business_date()
    row = ReasonCode.objects.select_for_update().get(pk=reason_code_id)
    if active_until < max(today, row.active_from):
        raise ReasonCodeInvalid(most=TEXT_LENGTH, business_date=max(today, row.active_from))
    row.active_until = active_until
    row.save(update_fields=["active_until"])
    audit.record(actor=actor, action="core.reason_code_end", obj=row, detail={"until": active_until.isoformat()})
    return row


def reason_codes_seed() -> int:
    """Create the first list where an installation has none; return how many codes there are."""
    if not ReasonCode.objects.exists():
        ReasonCode.objects.bulk_create(
            ReasonCode(act_group=act, code=code, text=text, active_from=_FIRST_DAY)
            for act, texts in _FIRST.items()
            for code, text in texts.items()
        )
    return ReasonCode.objects.count()
