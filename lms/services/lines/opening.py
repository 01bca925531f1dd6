"""Sanction of credit lines."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core import audit
from core.business_date import business_date
from core.sequences import take_numbers
from core.transactions import run_in_transaction
from customers.models import Customer
from lms.engine.lines import LineEvent, LineEventKind, fold_line
from lms.errors import (
    IdempotencyKeyReused,
    ProductInactive,
    ProductVersionNotInForce,
    SanctionOutsideLimits,
)
from lms.errors.lines import LineNeedsFullKyc, LineProductNeeded, LineValidityInvalid
from lms.locks import lines_for_update
from lms.models import CreditLine, LineFact, Loan, ProductVersion
from lms.services.checks import amount_check, key_check, reason_check
from lms.services.fact_rows import content_hash
from lms.services.guards import fresh_money_check
from lms.services.lines.commitments import commitment_book
from lms.services.lines.record import CACHED, event_columns
from lms.services.lines.standing import cache_set, standing_of
from lms.services.products import rate_clean

LINE_NUMBERS: Final = "lms.line"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOffer:
    """What is agreed: the most that may be drawn, in paise, up to and including a day, at a yearly rate.

    `is_kyc_full`: the customer was fully identified; `kyc_reference` says by what.
    """

    limit_paise: int
    annual_rate_pct: Decimal
    valid_until: date
    is_kyc_full: bool
    kyc_reference: str = ""


def line_sanction(
    *,
    customer: Customer,
    product_version: ProductVersion,
    offer: LineOffer,
    idempotency_key: str,
    reason: str = "",
    actor: User | None = None,
) -> CreditLine:
    """Open a credit line as of the business date; nothing is lent yet.

    Args:
        product_version: of a product for lines; limit and rate lie within its ranges, and drawdowns have its terms.

    Returns:
        The line, or that of the first call with the same key and content.

    Raises:
        LineProductNeeded, ProductInactive, ProductVersionNotInForce, SanctionOutsideLimits: the product does not
            allow it.
        LineNeedsFullKyc: the customer is known by OTP alone.
        LineValidityInvalid: the last day is not in the future.
        CustomerCoolingOff, CustomerFrozen, CustomerMerged: the customer gets no fresh money.
        IdempotencyKeyReused: the key belongs to another line.

    Source: regulation 2 (lines) and 7 (OTP e-KYC allows term loans alone).
    """
    key_check(idempotency_key=idempotency_key)
    reason_check(reason=reason)
    amount_check(amount_paise=offer.limit_paise)
    today = business_date()
    rate = rate_clean(rate_pct=offer.annual_rate_pct)
    _offer_check(product_version, offer, rate, today)
    line = _unsaved(customer, product_version, offer, rate, idempotency_key)
    return run_in_transaction(lambda: _sanction(line, offer, today, actor, reason))


def _offer_check(version: ProductVersion, offer: LineOffer, rate: Decimal, today: date) -> None:
    product = version.product
    if not product.is_line:
        raise LineProductNeeded(product=product.code)
    if not product.is_active:
        raise ProductInactive(product=product.code)
    if today < version.effective_from:
        raise ProductVersionNotInForce(
            version=version.number, product=product.code, effective_from=version.effective_from
        )
    figures: tuple[tuple[str, int | Decimal, int | Decimal, int | Decimal], ...] = (
        ("Limit in paise", offer.limit_paise, version.principal_min_paise, version.principal_max_paise),
        ("Yearly rate", rate, version.rate_min_pct, version.rate_max_pct),
    )
    for figure, value, low, high in figures:
        if not low <= value <= high:
            raise SanctionOutsideLimits(figure=figure, value=value, low=low, high=high, product=product.code)
    if not offer.is_kyc_full or not offer.kyc_reference.strip():
        raise LineNeedsFullKyc()
    if offer.valid_until <= today:
        raise LineValidityInvalid(valid_until=offer.valid_until, day=today)


def _unsaved(
    customer: Customer, version: ProductVersion, offer: LineOffer, rate: Decimal, idempotency_key: str
) -> CreditLine:
    content = {"customer": customer.pk, "version": version.pk, **asdict(offer), "annual_rate_pct": str(rate)}
    return CreditLine(
        customer=customer,
        product_version=version,
        product_code=version.product.code,
        annual_rate_pct=rate,
        limit_paise=offer.limit_paise,
        valid_until=offer.valid_until,
        idempotency_key=idempotency_key,
        content_hash=content_hash(content=content),
    )


def _sanction(line: CreditLine, offer: LineOffer, today: date, actor: User | None, reason: str) -> CreditLine:
    if earlier := _earlier(line, CreditLine.objects.all()):
        return earlier
    fresh_money_check(customer_id=line.customer_id, on_date=today)
    line.pk = None
    line.opened_on = today
    line.number = f"C{take_numbers(name=LINE_NUMBERS)[0]:08d}"
    try:
        with transaction.atomic():
            line.save(force_insert=True)
    except IntegrityError:
        # A snapshot may be older than the row that was collided with; a locking read sees it.
        if earlier := _earlier(line, lines_for_update()):
            return earlier
        raise
    _first_fact(line, offer, today, actor, reason)
    audit.record(
        actor=actor,
        action="lms.line_sanction",
        obj=line,
        reason=reason,
        detail={
            "line": line.number,
            "limit_paise": line.limit_paise,
            "valid_until": line.valid_until.isoformat(),
            "product": line.product_code,
        },
    )
    return line


def _first_fact(line: CreditLine, offer: LineOffer, today: date, actor: User | None, reason: str) -> None:
    event = LineEvent(
        sequence=1, kind=LineEventKind.OPEN, value_date=today, amount_paise=offer.limit_paise, until=offer.valid_until
    )
    LineFact.objects.create(
        line=line,
        **event_columns(event=event),
        details={"rate_pct": str(line.annual_rate_pct), "kyc_reference": offer.kyc_reference.strip()},
        reason=reason,
        # The line has the caller's key; this one only has to be nobody else's.
        idempotency_key=f"lms.line-open:{line.pk}",
        content_hash=line.content_hash,
        recorded_on=today,
        recorded_by=actor,
    )
    state = fold_line(events=[event], as_of=today)
    assert state is not None  # noqa: S101  # it was opened today
    cache_set(line=line, state=state)
    line.fact_count = 1
    loans = Loan.objects.filter(customer_id=line.customer_id)
    commitment_book(line=line, standing=standing_of(state=state, loans=loans), today=today)
    line.save(update_fields=CACHED)


def _earlier(line: CreditLine, lines: QuerySet[CreditLine]) -> CreditLine | None:
    earlier = lines.filter(idempotency_key=line.idempotency_key).first()
    if earlier is not None and earlier.content_hash != line.content_hash:
        raise IdempotencyKeyReused(key=line.idempotency_key)
    return earlier
