"""Tax rules and registrations: dated, published once, refused by name."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from core.errors import KistError
from ledger.gst.arithmetic import TaxSplit, split_by_largest_remainder, split_part, tax_on, tax_split
from ledger.gst.gstin import gstin_check_character, gstin_problem
from ledger.gst.registrations import registration_for
from ledger.gst.rules import TaxRuleTerms, charge_tax_on, gst_limit_on, gst_seed, tax_rule_on, tax_rule_publish
from ledger.models import Account, GstDeadline, GstLimit, GstRegistration, SupplyKind, TaxRule, TaxTreatment
from tests.factories.gst import gstin_of, invoice, register
from tests.factories.lms import make_customer

AMOUNTS = st.integers(0, 10**14)
NEW_RATE = TaxRuleTerms(
    supply=SupplyKind.FEE,
    treatment=TaxTreatment.TAXABLE,
    rate_bps=2000,
    effective_from=date(2026, 7, 1),
    source="A notification to come",
)


def changed(**values: Any) -> TaxRuleTerms:
    """Return the new rule with other values."""
    return TaxRuleTerms(**{**{name: getattr(NEW_RATE, name) for name in NEW_RATE.__slots__}, **values})


def refused(code: str, call: Callable[[], object]) -> None:
    """Expect a refusal, and no row more."""
    before = TaxRule.objects.count(), GstRegistration.objects.count(), Account.objects.count()
    with pytest.raises(KistError) as caught:
        call()
    assert caught.value.code == code
    assert (TaxRule.objects.count(), GstRegistration.objects.count(), Account.objects.count()) == before


@pytest.mark.parametrize(
    ("taxable", "bps", "tax"),
    [
        (1_500_00, 1800, 270_00),
        (33_33, 1800, 6_00),
        (2, 1800, 0),
        (3, 1800, 1),
        (25, 1800, 5),
        (100, 50, 1),
        (99, 50, 0),
    ],
)
def test_tax_is_rounded_half_up_once(taxable: int, bps: int, tax: int) -> None:
    assert tax_on(taxable_paise=taxable, rate_bps=bps) == tax


def test_fee_of_fifteen_hundred_is_135_and_135_within_the_state_and_270_beyond() -> None:
    assert tax_split(tax_paise=270_00, is_inter_state=False) == TaxSplit(cgst_paise=135_00, sgst_paise=135_00)
    assert tax_split(tax_paise=270_00, is_inter_state=True) == TaxSplit(igst_paise=270_00)


def test_odd_paisa_goes_to_the_centre() -> None:
    assert tax_split(tax_paise=9_01, is_inter_state=False) == TaxSplit(cgst_paise=4_51, sgst_paise=4_50)


def test_what_is_left_over_goes_to_the_largest_remainders() -> None:
    # 100 by 1:2:4 is 14 2/7, 28 4/7, 57 1/7.
    assert split_by_largest_remainder(total_paise=100, weights=(1, 2, 4)) == (14, 29, 57)


@given(AMOUNTS, st.lists(st.integers(0, 10**6), min_size=1, max_size=6).filter(any))
def test_parts_add_up_and_none_is_off_by_a_paisa(total: int, weights: list[int]) -> None:
    parts = split_by_largest_remainder(total_paise=total, weights=weights)

    assert sum(parts) == total
    assert all(
        abs(part * sum(weights) - total * weight) < sum(weights) for part, weight in zip(parts, weights, strict=True)
    )


@given(st.integers(0, 10**9).flatmap(lambda total: st.tuples(st.just(total), st.integers(0, total))))
def test_parts_of_a_tax_in_turn_share_it_as_the_whole(amounts: tuple[int, int]) -> None:
    whole = tax_split(tax_paise=amounts[0], is_inter_state=False)

    part = split_part(whole=whole, part_paise=amounts[1])

    assert part.total_paise == amounts[1]
    assert part.cgst_paise - part.sgst_paise in (0, 1)
    assert part.cgst_paise <= whole.cgst_paise


def test_check_character_is_that_of_a_number_in_the_manual() -> None:
    # An example of the tax network's own documents.
    assert gstin_check_character(body="27AAPFU0939F1Z") == "V"
    assert gstin_problem(gstin="27AAPFU0939F1ZV", state_gst_code="27") == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "day", "treatment", "bps"),
    [
        ("PROCESSING", date(2026, 4, 1), TaxTreatment.TAXABLE, 1800),
        ("BOUNCE", date(2026, 4, 1), TaxTreatment.TAXABLE, 1800),
        ("PROCESSING", date(2017, 7, 1), TaxTreatment.TAXABLE, 1800),
    ],
)
@pytest.mark.parametrize("is_seeded", [True, False])
def test_charges_are_taxed_by_the_law_as_it_stands(
    is_seeded: bool, code: str, day: date, treatment: TaxTreatment, bps: int
) -> None:
    {True: gst_seed, False: lambda: None}[is_seeded]()

    tax = charge_tax_on(charge_code=code, amount_paise=100_00, on_date=day)

    assert (tax.treatment, tax.rate_bps, tax.sac, tax.tax_paise) == (treatment, bps, "997113", 18_00)


@pytest.mark.django_db
def test_interest_is_exempt_and_penal_charges_are_outside() -> None:
    day = date(2026, 4, 1)

    assert tax_rule_on(charge_code="", on_date=day, supply=SupplyKind.INTEREST).treatment == TaxTreatment.EXEMPT
    assert tax_rule_on(charge_code="", on_date=day, supply=SupplyKind.PENAL).treatment == TaxTreatment.OUTSIDE


@pytest.mark.django_db
def test_rule_counts_from_its_day() -> None:
    tax_rule_publish(terms=NEW_RATE, reason="Budget")

    rates = [
        charge_tax_on(charge_code="STATEMENT", amount_paise=100_00, on_date=day).tax_paise
        for day in (date(2026, 6, 30), date(2026, 7, 1))
    ]

    assert rates == [18_00, 20_00]
    # A charge with a rule of its own keeps it.
    assert charge_tax_on(charge_code="BOUNCE", amount_paise=100_00, on_date=date(2026, 7, 1)).tax_paise == 18_00


@pytest.mark.django_db
def test_bounce_charge_is_taxed_or_not_by_policy() -> None:
    policy = changed(charge_code="BOUNCE", treatment=TaxTreatment.OUTSIDE, rate_bps=0)
    tax_rule_publish(terms=policy, reason="Board policy after Circular 178/10/2022")

    tax = charge_tax_on(charge_code="BOUNCE", amount_paise=500_00, on_date=date(2026, 7, 1))

    assert (tax.treatment, tax.tax_paise) == (TaxTreatment.OUTSIDE, 0)


@pytest.mark.django_db
def test_penal_charges_bear_no_gst() -> None:
    gst_seed()

    refused("ledger.penal_charge_taxed", lambda: tax_rule_publish(terms=changed(supply=SupplyKind.PENAL), reason="No"))
    with pytest.raises(IntegrityError), transaction.atomic():
        TaxRule.objects.create(
            supply=SupplyKind.PENAL,
            treatment=TaxTreatment.TAXABLE,
            rate_bps=1800,
            sac="997113",
            effective_from=date(2026, 7, 1),
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"rate_bps": 0}, "ledger.tax_rule_invalid"),
        ({"rate_bps": 10_001}, "ledger.tax_rule_invalid"),
        ({"treatment": TaxTreatment.EXEMPT}, "ledger.tax_rule_invalid"),
        ({"sac": "99"}, "ledger.tax_rule_invalid"),
        ({"effective_from": date(2017, 7, 1)}, "ledger.tax_rule_overlaps"),
    ],
)
def test_rule_that_cannot_be_is_refused(values: dict[str, Any], code: str) -> None:
    gst_seed()

    refused(code, lambda: tax_rule_publish(terms=changed(**values), reason="Budget"))


@pytest.mark.django_db
def test_rule_that_would_change_the_tax_of_an_invoice_is_refused() -> None:
    gst_seed()
    register()
    invoice(make_customer().pk, issued_on=date(2026, 7, 10), supplied_on=date(2026, 7, 3))

    refused("ledger.tax_rule_in_past", lambda: tax_rule_publish(terms=NEW_RATE, reason="Budget"))
    tax_rule_publish(terms=changed(charge_code="BOUNCE"), reason="No bounce is invoiced yet")
    tax_rule_publish(terms=changed(effective_from=date(2026, 7, 4)), reason="Budget")


@pytest.mark.django_db
def test_limit_of_large_invoices_fell_in_august_2024() -> None:
    gst_seed()
    days = (date(2024, 7, 31), date(2024, 8, 1))

    limits = [gst_limit_on(name=GstLimit.Name.B2C_LARGE_ABOVE, on_date=day) for day in days]

    assert limits == [2_50_000_00, 1_00_000_00]


@pytest.mark.django_db
def test_borrower_is_supplied_by_his_state_or_else_by_the_principal_place() -> None:
    home, branch = register("MH"), register("KA")

    found = [registration_for(place_of_supply=state, on_date=date(2026, 4, 1)) for state in ("MH", "KA", "TN")]

    assert found == [home, branch, home]
    assert Account.objects.filter(code__in=["2311.KA", "2312.KA", "2313.KA"]).count() == 3


@pytest.mark.django_db
def test_registration_given_up_supplies_no_more() -> None:
    home = register("MH")
    register("KA")
    register("KA", effective_from=date(2026, 5, 1), is_active=False)

    assert registration_for(place_of_supply="KA", on_date=date(2026, 5, 1)) == home


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"state_code": "XX"}, "ledger.state_unknown"),
        ({"gstin": "27AAACK0000A1Z0"}, "ledger.gstin_invalid"),
        ({"gstin": gstin_of("KA")}, "ledger.gstin_invalid"),
        ({"gstin": "NONE"}, "ledger.gstin_invalid"),
        ({}, "ledger.gst_registration_overlaps"),
        ({"state_code": "KA", "gstin": gstin_of("KA"), "is_principal": True}, "ledger.gst_registration_overlaps"),
    ],
)
def test_registration_that_cannot_be_is_refused(values: dict[str, Any], code: str) -> None:
    register("MH")
    terms = {"state_code": "MH", "gstin": gstin_of("MH"), **values}

    refused(code, lambda: register(**terms))


@pytest.mark.django_db
@pytest.mark.parametrize("model", [TaxRule, GstRegistration, GstLimit, GstDeadline])
def test_published_rows_never_change(model: Any) -> None:
    gst_seed()
    register()

    for change in (lambda: model.objects.update(effective_from=date(2030, 1, 1)), lambda: model.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
