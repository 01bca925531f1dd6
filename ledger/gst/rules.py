"""How charges are taxed on a day: the published rules, and how the next one is published."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.dates import financial_year
from core.transactions import run_in_transaction
from ledger.errors import ReasonMissing
from ledger.gst.arithmetic import tax_on
from ledger.gst.errors import PenalChargeTaxed, TaxRuleInPast, TaxRuleInvalid, TaxRuleOverlaps
from ledger.models import GstDeadline, GstLimit, SupplyKind, TaxDocument, TaxRule, TaxTreatment

CREDIT_GRANTING_SAC: Final = "997113"
_BEGIN: Final = date(2017, 7, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRuleTerms:
    """What a rule says: treatment, rate in basis points (zero unless taxable) and service code."""

    supply: SupplyKind
    treatment: TaxTreatment
    effective_from: date
    source: str
    charge_code: str = ""
    rate_bps: int = 0
    sac: str = CREDIT_GRANTING_SAC

    @property
    def what(self) -> str:
        """Name the supply for a message."""
        return self.charge_code or self.supply.label.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeTax:
    """The tax of one charge: how it is treated, at which rate, under which service code, and the paise."""

    treatment: TaxTreatment
    rate_bps: int
    sac: str
    tax_paise: int


# The law as it stood when Kist was written; `gst_seed` publishes it, later rows change it.
FIRST_RULES: Final = (
    TaxRuleTerms(
        supply=SupplyKind.FEE,
        treatment=TaxTreatment.TAXABLE,
        rate_bps=1800,
        effective_from=_BEGIN,
        source="Notification 11/2017-CT(R): financial services 18 %",
    ),
    TaxRuleTerms(
        supply=SupplyKind.FEE,
        charge_code="BOUNCE",
        treatment=TaxTreatment.TAXABLE,
        rate_bps=1800,
        effective_from=_BEGIN,
        source="The lender's policy: Maharashtra AAAR of 14 March 2019; Circular 178/10/2022 holds otherwise",
    ),
    TaxRuleTerms(
        supply=SupplyKind.INTEREST,
        treatment=TaxTreatment.EXEMPT,
        effective_from=_BEGIN,
        source="Notification 12/2017-CT(R) Sl. 27",
    ),
    TaxRuleTerms(
        supply=SupplyKind.PENAL,
        treatment=TaxTreatment.OUTSIDE,
        effective_from=_BEGIN,
        source="Circular 245/02/2025-GST of 28 January 2025",
    ),
)
FIRST_LIMITS: Final = (
    (_BEGIN, 2_50_000_00, "CGST Rules, rule 59, as first made"),
    (date(2024, 8, 1), 1_00_000_00, "Notification 12/2024-CT"),
)

FIRST_DEADLINES: Final = (
    (_BEGIN, 9, 30, "CGST Act s. 34(2), as first made"),
    (date(2022, 10, 1), 11, 30, "Finance Act 2022, in force from 1 October 2022"),
)


def tax_rule_on(*, charge_code: str, on_date: date, supply: SupplyKind = SupplyKind.FEE) -> TaxRuleTerms:
    """Return the rule for a charge on a day: that of its own code, else that of its kind.

    Raises:
        TaxRuleInvalid: no rule was in force on that day.
    """
    published = TaxRule.objects.filter(supply=supply, charge_code__in=("", charge_code))
    rules = [_terms(row) for row in published] or [rule for rule in FIRST_RULES if rule.supply == supply]
    fitting = [rule for rule in rules if rule.charge_code in ("", charge_code) and rule.effective_from <= on_date]
    if not fitting:
        raise TaxRuleInvalid(problem=f"none was in force for {charge_code or supply} on {on_date}")
    return max(fitting, key=lambda rule: (rule.charge_code != "", rule.effective_from))


def charge_tax_on(*, charge_code: str, amount_paise: int, on_date: date) -> ChargeTax:
    """Return the tax on a charge of a day.

    Args:
        charge_code: as the loan's terms name it.
        amount_paise: without tax.
        on_date: the day of the charge, which is the time of supply.

    Source: regulation 10.
    """
    rule = tax_rule_on(charge_code=charge_code, on_date=on_date)
    return ChargeTax(
        treatment=rule.treatment,
        rate_bps=rule.rate_bps,
        sac=rule.sac,
        tax_paise=tax_on(taxable_paise=amount_paise, rate_bps=rule.rate_bps),
    )


def gst_limit_on(*, name: GstLimit.Name, on_date: date) -> int:
    """Return a figure of the return law that is in force on a day, in paise."""
    row = GstLimit.objects.filter(name=name, effective_from__lte=on_date).order_by("-effective_from").first()
    if row is not None:
        return row.amount_paise
    return [amount for begins, amount, _ in FIRST_LIMITS if begins <= on_date][-1]


def credit_note_last_day(*, invoiced_on: date, on_date: date) -> date:
    """Return the last day on which a credit note takes tax of an invoice back: in the year after its financial year.

    Args:
        on_date: the day of the note, whose law counts.

    Source: CGST Act s. 34(2).
    """
    row = GstDeadline.objects.filter(effective_from__lte=on_date).order_by("-effective_from").first()
    known = [(month, day) for begins, month, day, _ in FIRST_DEADLINES if begins <= on_date][-1]
    month, day = (row.month, row.day) if row is not None else known
    return date(financial_year(invoiced_on).last_day.year, month, day)


def gst_seed() -> None:
    """Publish the law as it stands, once."""
    if not TaxRule.objects.exists():
        TaxRule.objects.bulk_create([TaxRule(**_columns(rule)) for rule in FIRST_RULES])
    if not GstDeadline.objects.exists():
        GstDeadline.objects.bulk_create(
            [
                GstDeadline(effective_from=begins, month=month, day=day, source=source)
                for begins, month, day, source in FIRST_DEADLINES
            ]
        )
    if not GstLimit.objects.exists():
        GstLimit.objects.bulk_create(
            [
                GstLimit(name=GstLimit.Name.B2C_LARGE_ABOVE, effective_from=begins, amount_paise=amount, source=source)
                for begins, amount, source in FIRST_LIMITS
            ]
        )


def tax_rule_publish(*, terms: TaxRuleTerms, reason: str, actor: User | None = None) -> TaxRule:
    """Publish a rule that counts from a day on; charges that are invoiced keep the tax they have.

    Raises:
        PenalChargeTaxed: penal charges are outside GST.
        TaxRuleInvalid: rate and treatment, or the service code, do not go together.
        TaxRuleInPast: a charge of that day or later is invoiced.
        TaxRuleOverlaps: another rule for the same begins on that day.
        ReasonMissing: the reason is empty.
    """
    if not reason.strip():
        raise ReasonMissing()
    _terms_check(terms)
    return run_in_transaction(lambda: _publish(terms, reason, actor))


def _terms_check(terms: TaxRuleTerms) -> None:
    if terms.supply == SupplyKind.PENAL and terms.treatment != TaxTreatment.OUTSIDE:
        raise PenalChargeTaxed()
    if (terms.treatment == TaxTreatment.TAXABLE) != (terms.rate_bps > 0) or not 0 <= terms.rate_bps <= 10_000:
        raise TaxRuleInvalid(problem="a taxable supply has a rate of up to 100 %, any other supply has none")
    if not terms.sac.isdecimal() or not 4 <= len(terms.sac) <= 6:
        raise TaxRuleInvalid(problem="a service code has four to six digits")


def _publish(terms: TaxRuleTerms, reason: str, actor: User | None) -> TaxRule:
    gst_seed()
    invoiced = TaxDocument.objects.filter(supplied_on__gte=terms.effective_from)
    if terms.charge_code:
        invoiced = invoiced.filter(charge_code=terms.charge_code)
    latest = invoiced.order_by("-supplied_on").first() if terms.supply == SupplyKind.FEE else None
    if latest is not None:
        raise TaxRuleInPast(what=terms.what, effective_from=terms.effective_from, supplied_on=latest.supplied_on)
    try:
        with transaction.atomic():
            row = TaxRule.objects.create(published_by=actor, **_columns(terms))
    except IntegrityError as error:
        raise TaxRuleOverlaps(what=terms.what, effective_from=terms.effective_from) from error
    audit.record(
        actor=actor,
        action="ledger.tax_rule_publish",
        obj=row,
        reason=reason,
        detail={"what": terms.what, "effective_from": terms.effective_from.isoformat(), "rate_bps": terms.rate_bps},
    )
    return row


def _columns(rule: TaxRuleTerms) -> dict[str, object]:
    return {name: getattr(rule, name) for name in rule.__slots__}


def _terms(row: TaxRule) -> TaxRuleTerms:
    return TaxRuleTerms(
        supply=SupplyKind(row.supply),
        treatment=TaxTreatment(row.treatment),
        effective_from=row.effective_from,
        source=row.source,
        charge_code=row.charge_code,
        rate_bps=row.rate_bps,
        sac=row.sac,
    )
