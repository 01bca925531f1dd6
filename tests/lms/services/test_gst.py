"""Charges of loans are invoiced in their own transaction; what is given back has a note, and the books agree."""

from datetime import date

import pytest

from core.rehearsal import rehearse
from customers.models import Customer
from ledger.checks.tax import register_equals_ledger
from ledger.gst.rules import TaxRuleTerms, tax_rule_publish
from ledger.gst.selectors import invoice_of, tax_documents_about
from ledger.models import Account, GstRegistration, Journal, SupplyKind, TaxDocument, TaxTreatment
from ledger.selectors import account_balance
from ledger.services import period_soft_close, periods_create
from lms.engine.facts import Charge, Disburse
from lms.engine.terms import Component
from lms.models import Loan, LoanFact
from lms.services.bulk import LoanDraft, loans_book_many
from lms.services.charges import charge_levy, penal_levy
from lms.services.effects import effect_of
from lms.services.foreclosures import foreclosure_quote, loan_foreclose
from lms.services.products import terms_for_loan
from lms.services.settlements import settlement_post
from lms.services.waivers import waiver_grant
from lms.services.write_offs import loan_write_off
from tests.factories.book import assert_verified, bounce, levy, receive, refused, reverse
from tests.factories.core import make_user
from tests.factories.lms import make_customer, make_loan, make_product, make_version, next_key, set_business_date

pytestmark = pytest.mark.django_db

LENT = date(2026, 1, 1)


def documents(loan: Loan) -> list[tuple[str, int, int, int, int]]:
    """Return number and paise of value, CGST, SGST and IGST of a loan's documents, first issued first."""
    rows = tax_documents_about(reference_type="lms.loan", reference_id=loan.pk).order_by("pk")
    return list(rows.values_list("number", "taxable_paise", "cgst_paise", "sgst_paise", "igst_paise"))


def payable() -> dict[str, int]:
    """Return what the tax accounts owe or hold in paise, credits counted as positive, without zeros."""
    accounts = Account.objects.filter(code__in=["2310", "2315", "5115", "5116", "2311.MH", "2312.MH", "2313.MH"])
    return {a.code: -balance for a in accounts.order_by("code") if (balance := account_balance(account=a))}


def waive(loan: Loan, amount_paise: int, value_date: date = LENT, component: Component = Component.FEE) -> LoanFact:
    """Waive a part of what is owed, and read the loan anew."""
    fact = waiver_grant(
        loan_id=loan.pk,
        component=component,
        amount_paise=amount_paise,
        value_date=value_date,
        reason="Goodwill",
        idempotency_key=next_key("waive"),
    )
    loan.refresh_from_db()
    return fact


def assert_books_agree(loan: Loan) -> None:
    """Check the loan, its ledger, and the register against the ledger."""
    assert_verified(loan)
    assert list(register_equals_ledger()) == []


def test_charge_is_invoiced_with_its_posting(loan: Loan) -> None:
    fact = levy(loan, "STATEMENT", LENT)

    assert documents(loan) == [("I27-2526-0000001", 100_00, 9_00, 9_00, 0)]
    assert TaxDocument.objects.get().reference_entry == fact.sequence
    assert payable() == {"2311.MH": 9_00, "2312.MH": 9_00}
    assert_books_agree(loan)


def test_borrower_elsewhere_pays_igst_and_keeps_it_after_moving(loan: Loan) -> None:
    Customer.objects.filter(pk=loan.customer_id).update(state_code="TN")
    charged = levy(loan, "STATEMENT", LENT)
    Customer.objects.filter(pk=loan.customer_id).update(state_code="MH")
    reverse(loan, charged.sequence)
    levy(loan, "STATEMENT", LENT)

    assert documents(loan) == [
        ("I27-2526-0000001", 100_00, 0, 0, 18_00),
        ("C27-2526-0000001", 100_00, 0, 0, 18_00),
        ("I27-2526-0000002", 100_00, 9_00, 9_00, 0),
    ]
    assert payable() == {"2311.MH": 9_00, "2312.MH": 9_00}
    assert_books_agree(loan)


def test_bounce_and_foreclosure_charges_are_invoiced(loan: Loan) -> None:
    bounced = bounce(loan, LENT)
    quote = foreclosure_quote(loan=loan, on_date=LENT)
    loan_foreclose(
        loan_id=loan.pk,
        amount_paise=quote.total_paise,
        value_date=LENT,
        reference="UTR-F",
        idempotency_key=next_key("foreclose"),
    )
    loan.refresh_from_db()

    assert bounced.details["tax_paise"] == 90_00
    assert documents(loan) == [
        ("I27-2526-0000001", 500_00, 45_00, 45_00, 0),
        ("I27-2526-0000002", 4_800_00, 432_00, 432_00, 0),
    ]
    assert loan.status == "CLOSED"
    assert_books_agree(loan)


def test_back_dated_charge_has_the_rate_of_its_day_and_is_invoiced_today(loan: Loan) -> None:
    rule = TaxRuleTerms(
        supply=SupplyKind.FEE,
        treatment=TaxTreatment.TAXABLE,
        rate_bps=2000,
        effective_from=date(2026, 4, 1),
        source="A notification to come",
    )
    tax_rule_publish(terms=rule, reason="Budget")
    set_business_date(date(2026, 4, 2))
    periods_create(upto=date(2026, 4, 2))
    levy(loan, "STATEMENT", date(2026, 4, 1))
    for month in (202601, 202602, 202603):
        period_soft_close(month=month, actor=make_user(), reason="Over")

    levy(loan, "STATEMENT", date(2026, 3, 31))

    assert documents(loan) == [
        ("I27-2627-0000001", 100_00, 10_00, 10_00, 0),
        ("I27-2627-0000002", 100_00, 9_00, 9_00, 0),
    ]
    late = TaxDocument.objects.get(serial=2)
    assert (late.supplied_on, late.issued_on) == (date(2026, 3, 31), date(2026, 4, 2))
    assert Journal.objects.get(narration=late.number).booked_on == date(2026, 4, 2)
    assert_books_agree(loan)


def test_charge_outside_gst_is_not_invoiced(loan: Loan) -> None:
    policy = TaxRuleTerms(
        supply=SupplyKind.FEE,
        charge_code="BOUNCE",
        treatment=TaxTreatment.OUTSIDE,
        effective_from=LENT,
        source="Circular 178/10/2022",
    )
    tax_rule_publish(terms=policy, reason="Board policy")

    fact = bounce(loan, LENT)

    assert (fact.details["charge_paise"], fact.details["tax_paise"], documents(loan)) == (500_00, 0, [])
    assert_books_agree(loan)


def test_penal_charges_bear_no_gst(loan: Loan) -> None:
    penal_levy(loan_id=loan.pk, amount_paise=250_00, value_date=LENT, reason="Missed", idempotency_key="p")
    loan.refresh_from_db()

    assert (loan.penal_outstanding_paise, loan.tax_outstanding_paise, documents(loan)) == (250_00, 0, [])
    assert payable() == {}


def test_reversal_of_a_charge_takes_its_tax_back(loan: Loan) -> None:
    charged = levy(loan, "STATEMENT", LENT)

    reverse(loan, charged.sequence)

    assert documents(loan)[1] == ("C27-2526-0000001", 100_00, 9_00, 9_00, 0)
    assert payable() == {}
    assert_books_agree(loan)


def test_waived_fee_takes_its_tax_along(loan: Loan) -> None:
    levy(loan, "STATEMENT", LENT)

    fact = waive(loan, 60_00)

    assert (fact.details["tax_paise"], loan.fee_outstanding_paise, loan.tax_outstanding_paise) == (10_80, 40_00, 7_20)
    assert documents(loan)[1] == ("C27-2526-0000001", 60_00, 5_40, 5_40, 0)
    # The expense of 10.80 that the loan booked comes back: the tax office bears it.
    assert payable() == {"2311.MH": 3_60, "2312.MH": 3_60, "5115": 10_80}
    assert_books_agree(loan)


def test_waiver_over_several_charges_has_a_note_for_each(loan: Loan) -> None:
    for amount in (33_33, 50_01):
        levy(loan, "STATEMENT", LENT, amount_paise=amount)

    waive(loan, 70_00)

    assert documents(loan)[2:] == [
        ("C27-2526-0000001", 33_33, 3_00, 3_00, 0),
        ("C27-2526-0000002", 36_67, 3_30, 3_30, 0),
    ]
    assert_books_agree(loan)


def test_fee_waived_in_parts_gives_back_exactly_its_tax(loan: Loan) -> None:
    levy(loan, "STATEMENT", LENT, amount_paise=33_33)

    for amount in (11_11, 11_11, 11_11):
        waive(loan, amount)

    assert (loan.fee_outstanding_paise, loan.tax_outstanding_paise) == (0, 0)
    assert payable() == {"5115": 6_00}
    assert_books_agree(loan)


def test_tax_that_was_paid_is_not_given_back_by_a_waiver(loan: Loan) -> None:
    levy(loan, "STATEMENT", LENT)
    receive(loan, 109_00, LENT)
    assert (loan.fee_outstanding_paise, loan.tax_outstanding_paise) == (0, 9_00)

    fact = waive(loan, 9_00, component=Component.TAX)

    # The price stands, so the tax on it stays payable, and the lender bears it.
    assert fact.details["tax_paise"] == 0
    assert len(documents(loan)) == 1
    assert payable() == {"2311.MH": 9_00, "2312.MH": 9_00}
    assert_books_agree(loan)


def test_reversal_of_a_waiver_asks_for_the_tax_again(loan: Loan) -> None:
    levy(loan, "STATEMENT", LENT)
    waived = waive(loan, 60_00)

    reverse(loan, waived.sequence)

    assert (loan.fee_outstanding_paise, loan.tax_outstanding_paise) == (100_00, 18_00)
    assert documents(loan)[2] == ("D27-2526-0000001", 60_00, 5_40, 5_40, 0)
    assert payable() == {"2311.MH": 9_00, "2312.MH": 9_00}
    assert_books_agree(loan)


def test_write_off_and_settlement_of_a_fee_give_no_tax_back(loan: Loan) -> None:
    other = make_loan(customer=loan.customer, version=loan.product_version)
    levy(loan, "STATEMENT", LENT)
    levy(other, "STATEMENT", LENT)

    loan_write_off(loan_id=loan.pk, value_date=LENT, is_technical=True, reason="Lost", idempotency_key="w")
    settlement_post(
        loan_id=other.pk,
        amount_paise=1_000_00,
        value_date=LENT,
        reference="UTR-S",
        reason="Compromise",
        idempotency_key="s",
    )

    assert (len(documents(loan)), len(documents(other))) == (1, 1)
    assert payable() == {"2311.MH": 18_00, "2312.MH": 18_00}
    assert_books_agree(loan)
    assert_books_agree(other)


def test_too_late_for_a_credit_note_the_lender_bears_the_tax(loan: Loan) -> None:
    charged = levy(loan, "STATEMENT", LENT)
    levy(loan, "STATEMENT", LENT)
    set_business_date(date(2026, 12, 1))

    reverse(loan, charged.sequence)
    waived = waive(loan, 100_00)

    assert len(documents(loan)) == 2
    assert (waived.details["tax_paise"], loan.fee_outstanding_paise, loan.tax_outstanding_paise) == (0, 0, 18_00)
    assert payable() == {"2311.MH": 18_00, "2312.MH": 18_00, "5116": -18_00}
    assert_books_agree(loan)


def test_preview_leaves_no_gap_in_the_numbers(loan: Loan) -> None:
    effect = effect_of(loan_ids=[loan.pk], act=lambda: levy(loan, "STATEMENT", LENT))
    rehearse(lambda: levy(loan, "STATEMENT", LENT))

    assert (effect.loans[0].facts[0].amount_paise, TaxDocument.objects.count()) == (100_00, 0)
    levy(Loan.objects.get(pk=loan.pk), "STATEMENT", LENT)
    assert [number for number, *_ in documents(loan)] == ["I27-2526-0000001"]


def test_repeated_request_is_invoiced_once(loan: Loan) -> None:
    for _ in range(2):
        charge_levy(loan_id=loan.pk, code="STATEMENT", value_date=LENT, idempotency_key="once")

    assert len(documents(loan)) == 1


def test_terms_with_tax_on_every_instalment_are_refused() -> None:
    product = make_product()
    charge = {"code": "SERVICE", "amount_paise": 50_00, "tax_pct": "18", "is_each_instalment": True}

    with refused("lms.instalment_charge_taxed"):
        make_version(product=product, terms={"charges": [charge]})


def test_unknown_state_refuses_the_charge_and_leaves_nothing(loan: Loan) -> None:
    Customer.objects.filter(pk=loan.customer_id).update(state_code="ZZ")

    with refused("ledger.state_unknown"):
        levy(loan, "STATEMENT", LENT)

    assert documents(loan) == []


def test_year_turns_with_the_business_date(loan: Loan) -> None:
    set_business_date(date(2026, 3, 31))
    levy(loan, "STATEMENT", date(2026, 3, 31))
    set_business_date(date(2026, 4, 1))
    levy(loan, "STATEMENT", date(2026, 3, 31))

    assert [number for number, *_ in documents(loan)] == ["I27-2526-0000001", "I27-2627-0000001"]
    assert_books_agree(loan)


def test_charges_of_a_history_were_invoiced_elsewhere() -> None:
    set_business_date(date(2026, 4, 15))
    version = make_version()
    terms = terms_for_loan(
        version=version,
        principal_paise=1_20_000_00,
        annual_rate_pct=24,  # type: ignore[arg-type]
        instalment_count=12,
        first_due_date=date(2026, 2, 1),
    )
    history = (
        Disburse(sequence=1, value_date=LENT, amount_paise=1_20_000_00, reference="OUT"),
        Charge(sequence=2, value_date=LENT, amount_paise=100_00, code="STATEMENT", tax_paise=18_00),
    )
    draft = LoanDraft(
        key="one",
        customer_id=make_customer().pk,
        product_version=version,
        terms=terms,
        sanctioned_on=LENT,
        facts=history,
    )
    (loan,) = loans_book_many(drafts=[draft], batch_key="batch")
    assert (documents(loan), payable()) == ([], {"2315": 18_00})

    reverse(loan, 2)

    assert (documents(loan), payable()) == ([], {})
    assert_books_agree(loan)


def test_invoice_says_everything_that_a_print_needs(loan: Loan) -> None:
    levy(loan, "STATEMENT", LENT)
    waive(loan, 50_00)
    invoice, note = [
        invoice_of(document=row)
        for row in tax_documents_about(reference_type="lms.loan", reference_id=loan.pk).order_by("pk")
    ]
    registration = GstRegistration.objects.get()

    assert (invoice.title, invoice.number, invoice.issued_on) == ("Tax invoice", "I27-2526-0000001", LENT)
    assert (invoice.supplier_name, invoice.supplier_gstin) == (registration.legal_name, registration.gstin)
    assert (invoice.recipient_name, invoice.place_of_supply_name) == ("Asha Verma", "Maharashtra")
    assert (invoice.place_of_supply_gst_code, invoice.is_inter_state) == ("27", False)
    line = invoice.lines[0]
    assert (line.description, line.sac, line.cgst_rate_bps, line.sgst_rate_bps) == (
        "Statement charge",
        "997113",
        900,
        900,
    )
    assert (invoice.taxable_paise, invoice.tax_paise, invoice.total_paise) == (100_00, 18_00, 118_00)
    assert (note.title, note.original_number, note.original_date) == ("Credit note", "I27-2526-0000001", LENT)
    assert (note.reason, note.reference_label) == ("Charge waived", loan.number)
