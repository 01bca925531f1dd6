"""How the lender is named on paper: dated rows, published and never changed."""

from dataclasses import asdict, dataclass
from datetime import date
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from lms.errors.documents import (
    LenderProfileDateTaken,
    LenderProfileInPast,
    LenderProfileMissing,
    LenderSiteInvalid,
)
from lms.models.document import LenderProfile
from lms.services.checks import reason_check


@dataclass(frozen=True, slots=True, kw_only=True)
class LenderData:
    """Name, address and numbers of the lender; `site` is where the public pages are, without a slash at its end."""

    name: str
    address: str
    registration_number: str
    phone: str
    email: str
    grievance_officer: str
    site: str
    company_number: str = ""


def lender_profile_on(*, on_date: date) -> LenderProfile:
    """Return the profile that is in force on a day.

    Raises:
        LenderProfileMissing: none is.
    """
    row = LenderProfile.objects.filter(effective_from__lte=on_date).order_by("-effective_from").first()
    if row is None:
        raise LenderProfileMissing(on_date=on_date)
    return row


def lender_profile_publish(
    *, effective_from: date, lender: LenderData, reason: str, actor: User | None = None
) -> LenderProfile:
    """Publish how the lender is named from a day on; documents that were issued keep what they say.

    Args:
        effective_from: the business date or later.

    Raises:
        LenderProfileInPast, LenderProfileDateTaken: the day cannot be taken.
        LenderSiteInvalid: the address of the site cannot be opened.
        ReasonMissing, ReasonTooLong: why is not said.
    """
    reason_check(reason=reason, is_required=True)
    if effective_from < (today := business_date()):
        raise LenderProfileInPast(effective_from=effective_from, business_date=today)
    parts = urlsplit(lender.site)
    if parts.scheme not in ("http", "https") or not parts.netloc or lender.site.endswith("/"):
        raise LenderSiteInvalid()
    return run_in_transaction(lambda: _publish(effective_from, lender, reason, actor))


def _publish(effective_from: date, lender: LenderData, reason: str, actor: User | None) -> LenderProfile:
    try:
        with transaction.atomic():
            row = LenderProfile.objects.create(effective_from=effective_from, published_by=actor, **asdict(lender))
    except IntegrityError as error:
        raise LenderProfileDateTaken(effective_from=effective_from) from error
    audit.record(
        actor=actor,
        action="lms.lender_profile_publish",
        obj=row,
        reason=reason,
        detail={"effective_from": effective_from.isoformat(), "name": lender.name},
    )
    return row
