"""Products, their immutable versions, and the terms of a loan made from one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from core import audit
from core.transactions import run_in_transaction
from ledger.services import product_accounts_create
from lms.engine.codec import terms_from_dict, terms_to_dict
from lms.engine.errors import EngineRefusal
from lms.engine.schedule import build_schedule
from lms.engine.terms import HolidayMove, Terms
from lms.errors import (
    ProductCodeInvalid,
    ProductCodeTaken,
    ProductLimitsInvalid,
    ProductUnknown,
    RateInvalid,
    TermsInvalid,
)
from lms.errors.gst import InstalmentChargeTaxed
from lms.locks import products_for_update
from lms.models import Product, ProductVersion
from lms.services.checks import amount_check, reason_check
from lms.services.fact_rows import content_hash
from lms.services.holidays import holidays_known

_CODE: Final = re.compile(r"[A-Z][A-Z0-9-]{0,19}")
_RATE_MAX: Final = Decimal(9999)
_RATE_UNIT: Final = Decimal("0.0001")
# Terms that belong to the loan and not to the product.
LOAN_TERMS: Final = ("principal_paise", "annual_rate_pct", "instalment_count", "first_due_date")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductLimits:
    """What a loan of a product version may be: inclusive ranges of paise, per cent a year and instalments."""

    principal_min_paise: int
    principal_max_paise: int
    rate_min_pct: Decimal
    rate_max_pct: Decimal
    instalment_count_min: int
    instalment_count_max: int


def product_create(
    *, code: str, name: str, is_line: bool = False, actor: User | None = None, reason: str = ""
) -> Product:
    """Create a product and its accounts in the ledger; the same code, name and use again give the first product.

    Args:
        code: capital letters, digits and hyphens, at most 20, a letter first.
        name: as staff and borrowers know it.
        is_line: credit lines are sanctioned under it; its loans are their drawdowns.

    Raises:
        ProductCodeInvalid: the code does not follow the rule.
        ProductCodeTaken: the code belongs to a product of another name or use.
    """
    reason_check(reason=reason)
    if not _CODE.fullmatch(code):
        raise ProductCodeInvalid(product=code[:40])
    return run_in_transaction(lambda: _product_create(code, name.strip(), is_line, actor, reason))


def product_set_active(*, code: str, is_active: bool, reason: str, actor: User | None = None) -> Product:
    """Open a product for new loans or close it; loans that exist go on.

    Raises:
        ProductUnknown: there is no product of this code.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)

    def change() -> Product:
        product = products_for_update().filter(code=code).first()
        if product is None:
            raise ProductUnknown(product=code)
        if product.is_active != is_active:
            product.is_active = is_active
            product.save(update_fields=["is_active"])
            audit.record(
                actor=actor,
                action="lms.product_set_active",
                obj=product,
                reason=reason,
                detail={"is_active": is_active},
            )
        return product

    return run_in_transaction(change)


def product_version_publish(
    *,
    product: Product,
    terms_template: Mapping[str, Any],
    principal_min_paise: int,
    principal_max_paise: int,
    rate_min_pct: Decimal,
    rate_max_pct: Decimal,
    instalment_count_min: int,
    instalment_count_max: int,
    effective_from: date,
    actor: User | None = None,
    reason: str = "",
) -> ProductVersion:
    """Publish the next version of a product's terms; what is published never changes.

    Args:
        terms_template: terms as the codec writes them; principal, rate, instalment count and first due date belong
            to the loan and are dropped, and terms that are left out have the engine's defaults.
        principal_min_paise: this and the other limits are inclusive.
        effective_from: first day on which a loan may be sanctioned under the version.

    Returns:
        The version; the earlier one when the same content was published before.

    Raises:
        ProductLimitsInvalid: a range is empty.
        TermsInvalid: no schedule follows from the terms at the limits.
    """
    limits = ProductLimits(
        principal_min_paise=principal_min_paise,
        principal_max_paise=principal_max_paise,
        rate_min_pct=rate_clean(rate_pct=rate_min_pct),
        rate_max_pct=rate_clean(rate_pct=rate_max_pct),
        instalment_count_min=instalment_count_min,
        instalment_count_max=instalment_count_max,
    )
    reason_check(reason=reason)
    _limits_check(limits)
    template = _template_clean(terms_template, limits)
    _template_check(template, limits, effective_from)
    return run_in_transaction(
        lambda: _version_publish(
            product_id=product.pk,
            template=template,
            limits=limits,
            effective_from=effective_from,
            actor=actor,
            reason=reason,
        )
    )


def product_version_current(*, product: Product, on_date: date) -> ProductVersion | None:
    """Return the version under which a loan is sanctioned on a day: the last one in force; None before the first."""
    return product.versions.filter(effective_from__lte=on_date).order_by("-effective_from", "-number").first()


def terms_for_loan(
    *,
    version: ProductVersion,
    principal_paise: int,
    annual_rate_pct: Decimal,
    instalment_count: int,
    first_due_date: date | None = None,
    **overrides: Any,
) -> Terms:
    """Return the terms of a loan: the version's template with what belongs to the loan.

    Where the product moves due dates, the loan carries the calendar of holidays as it is now.

    Args:
        overrides: other fields of Terms agreed for this loan alone, such as `instalment_paise` of a loan taken over.
    """
    template = terms_from_dict(
        {
            **version.terms_template,
            "principal_paise": principal_paise,
            "annual_rate_pct": str(annual_rate_pct),
            "instalment_count": instalment_count,
            "first_due_date": first_due_date.isoformat() if first_due_date else None,
        }
    )
    if template.holiday_move is not HolidayMove.NONE:
        template = replace(template, holidays=tuple(sorted({*template.holidays, *holidays_known()})))
    return replace(template, **overrides) if overrides else template


def terms_check(*, terms: Terms, start_date: date) -> None:
    """Refuse terms from which no schedule follows, or whose tax could not be invoiced.

    Raises:
        InstalmentChargeTaxed: a charge of every instalment bears tax.
        TermsInvalid: with the engine's words.
    """
    for charge in terms.charges:
        if charge.is_each_instalment and charge.tax_pct:
            raise InstalmentChargeTaxed(charge=charge.code)
    try:
        build_schedule(terms=terms, start_date=start_date)
    except EngineRefusal as error:
        raise TermsInvalid(problem=error.message) from error


def rate_clean(*, rate_pct: Decimal) -> Decimal:
    """Return a yearly rate with four decimals; refuse more of them, a negative rate, or no number.

    Raises:
        RateInvalid: the rate cannot be kept exactly.
    """
    if not rate_pct.is_finite() or not 0 <= rate_pct <= _RATE_MAX or rate_pct != rate_pct.quantize(_RATE_UNIT):
        raise RateInvalid(rate=rate_pct)
    return rate_pct.quantize(_RATE_UNIT)


def _product_create(code: str, name: str, is_line: bool, actor: User | None, reason: str) -> Product:
    if earlier := _earlier(code, name, is_line, Product.objects.all()):
        return earlier
    try:
        with transaction.atomic():
            product = Product.objects.create(code=code, name=name, is_line=is_line)
    except IntegrityError:
        # A snapshot may be older than the row that was collided with; a locking read sees it.
        if earlier := _earlier(code, name, is_line, products_for_update()):
            return earlier
        raise
    product_accounts_create(product_code=code, name=name, is_line=is_line)
    audit.record(actor=actor, action="lms.product_create", obj=product, reason=reason, detail={"code": code})
    return product


def _earlier(code: str, name: str, is_line: bool, products: QuerySet[Product]) -> Product | None:
    product = products.filter(code=code).first()
    if product is not None and (product.name, product.is_line) != (name, is_line):
        raise ProductCodeTaken(product=code)
    return product


def _version_publish(
    *,
    product_id: int,
    template: dict[str, Any],
    limits: ProductLimits,
    effective_from: date,
    actor: User | None,
    reason: str,
) -> ProductVersion:
    product = products_for_update().get(pk=product_id)
    values = {name: getattr(limits, name) for name in ProductLimits.__slots__}
    digest = content_hash(content={"terms": template, "effective_from": effective_from, **values})
    earlier = product.versions.filter(content_hash=digest).first()
    if earlier is not None:
        return earlier
    last = product.versions.aggregate(last=Max("number"))["last"] or 0
    version = ProductVersion.objects.create(
        product=product,
        number=last + 1,
        effective_from=effective_from,
        terms_template=template,
        **values,
        reason=reason,
        content_hash=digest,
        published_by=actor,
    )
    audit.record(
        actor=actor,
        action="lms.product_version_publish",
        obj=version,
        reason=reason,
        detail={"product": product.code, "number": version.number, "effective_from": effective_from.isoformat()},
    )
    return version


def _limits_check(limits: ProductLimits) -> None:
    amount_check(amount_paise=limits.principal_min_paise)
    amount_check(amount_paise=limits.principal_max_paise)
    ranges = (
        ("principal", limits.principal_min_paise, limits.principal_max_paise),
        ("rate", limits.rate_min_pct, limits.rate_max_pct),
        ("instalment count", limits.instalment_count_min, limits.instalment_count_max),
    )
    for figure, low, high in ranges:
        if low > high:
            raise ProductLimitsInvalid(figure=figure, low=low, high=high)


def _template_clean(template: Mapping[str, Any], limits: ProductLimits) -> dict[str, Any]:
    """Write the template out in full, so that a later change of the engine's defaults moves no published version."""
    loan_terms = {
        "principal_paise": limits.principal_max_paise,
        "annual_rate_pct": str(limits.rate_max_pct),
        "instalment_count": limits.instalment_count_max,
        "first_due_date": None,
    }
    try:
        whole = terms_to_dict(terms_from_dict({**template, **loan_terms}))
    except (EngineRefusal, ValueError, TypeError, KeyError) as error:
        raise TermsInvalid(problem=f"{error}.") from error
    return {key: value for key, value in whole.items() if key not in LOAN_TERMS}


def _template_check(template: Mapping[str, Any], limits: ProductLimits, effective_from: date) -> None:
    """Refuse a template that makes no schedule at either end of its limits."""
    ends = (
        (limits.principal_min_paise, limits.rate_min_pct, limits.instalment_count_min),
        (limits.principal_max_paise, limits.rate_max_pct, limits.instalment_count_max),
    )
    for principal_paise, rate_pct, count in ends:
        loan_terms = {"principal_paise": principal_paise, "annual_rate_pct": str(rate_pct), "instalment_count": count}
        terms = terms_from_dict({**template, **loan_terms, "first_due_date": None})
        terms_check(terms=terms, start_date=effective_from)
