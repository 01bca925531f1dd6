"""The register of a month: documents by the tables of the return, equal to the ledger to the paisa."""

from datetime import date

import pytest
from django.db import transaction

from ledger.gst.documents import SupplyReference, note_issue
from ledger.gst.register import register_of
from ledger.gst.tables import IssuedRange, Register, TaxSums
from ledger.models import TaxDocument, TaxDocumentKind, TaxDocumentReason
from ledger.services import ManualJournal, ManualLine, manual_journal_post
from tests.factories.core import make_user
from tests.factories.gst import invoice, register
from tests.factories.ledger import ledger_ready, moved, post
from tests.factories.lms import make_customer, next_key, set_business_date

pytestmark = pytest.mark.django_db

APRIL = date(2026, 4, 10)


@pytest.fixture(autouse=True)
def _books() -> None:
    ledger_ready()
    set_business_date(date(2026, 5, 20))
    register("MH")
    register("KA")


def april(state_code: str = "MH", *, is_principal: bool = True) -> Register:
    """Return the register of April."""
    return register_of(state_code=state_code, month=APRIL, is_principal=is_principal)


def credit(original: TaxDocument, taxable: int, tax: int, issued_on: date = APRIL) -> TaxDocument:
    """Give back a part of an invoice."""
    reference = SupplyReference(reference_type="tests.loan", reference_id=1, entry=1, label="L1")
    with transaction.atomic():
        return note_issue(
            kind=TaxDocumentKind.CREDIT_NOTE,
            original=original,
            reference=reference,
            reason=TaxDocumentReason.WAIVED,
            taxable_paise=taxable,
            tax_paise=tax,
            issued_on=issued_on,
        )


def test_empty_month_is_empty_and_equal() -> None:
    found = april()

    assert (found.large, found.small, found.by_sac, found.issued, found.total) == ((), (), (), (), TaxSums())
    assert found.is_equal


def test_consumers_are_listed_by_state_and_rate_less_their_credit_notes() -> None:
    home, tamil = make_customer(), make_customer(state_code="TN")
    first = invoice(home.pk, 1_000_00)
    invoice(home.pk, 33_33)
    invoice(tamil.pk, 100_00)
    credit(first, 400_00, 72_00)

    rows = [(row.place_name, row.rate_bps, row.documents, row.sums) for row in april().small]

    assert rows == [
        ("27 Maharashtra", 1800, 3, TaxSums(633_33, 57_00, 57_00, 0)),
        ("33 Tamil Nadu", 1800, 1, TaxSums(100_00, 0, 0, 18_00)),
    ]
    assert april().total == TaxSums(733_33, 57_00, 57_00, 18_00)


@pytest.mark.parametrize(("taxable", "large", "small"), [(84_745_76, 0, 1), (84_745_77, 1, 0)])
def test_inter_state_invoice_above_a_lakh_is_large(taxable: int, large: int, small: int) -> None:
    # With 18 % of tax these are 1,00,000.00 and 1,00,000.01 rupees.
    invoice(make_customer(state_code="TN").pk, taxable)

    found = april()

    assert (len(found.large), len(found.small)) == (large, small)


def test_large_invoice_within_the_state_stays_with_the_others() -> None:
    invoice(make_customer().pk, 2_00_000_00)

    assert (april().large, len(april().small)) == ((), 1)


def test_note_on_a_large_invoice_of_an_earlier_month_is_listed_by_itself() -> None:
    large = invoice(make_customer(state_code="TN").pk, 2_00_000_00, issued_on=date(2026, 3, 31))
    note = credit(large, 1_000_00, 180_00)

    found = april()

    assert (found.large, list(found.large_notes), found.small) == ((), [note], ())
    assert found.total == TaxSums(-1_000_00, 0, 0, -180_00)
    assert found.is_equal


def test_services_are_summed_by_code_and_series_by_number() -> None:
    home = make_customer()
    first = invoice(home.pk)
    invoice(home.pk, charge_code="BOUNCE")
    credit(first, 50_00, 9_00)

    found = april()

    assert [(row.sac, row.rate_bps, row.documents, row.sums) for row in found.by_sac] == [
        ("997113", 1800, 3, TaxSums(150_00, 13_50, 13_50, 0))
    ]
    assert found.issued == (
        IssuedRange(
            kind="INVOICE", series="I27-2627", first_number="I27-2627-0000001", last_number="I27-2627-0000002", count=2
        ),
        IssuedRange(
            kind="CREDIT_NOTE",
            series="C27-2627",
            first_number="C27-2627-0000001",
            last_number="C27-2627-0000001",
            count=1,
        ),
    )


def test_interest_is_an_exempt_supply_of_the_principal_place() -> None:
    post(moved("ACCRUED", "INTEREST", 1_234_56), moved("CHARGED", "PENAL", 500_00), booked_on=APRIL)
    post(moved("CHARGED", "INTEREST", -34_56), booked_on=APRIL)
    post(moved("ACCRUED", "INTEREST", 9_99), booked_on=date(2026, 5, 1))
    # Suspense of a non-performing loan changes the income, not the supply.
    post(moved("SUSPENDED", "INTEREST", 1_000_00), booked_on=APRIL)
    # Fees of 300 without tax, and 100 that an invoice has.
    post(moved("CHARGED", "FEE", 400_00), moved("CHARGED", "TAX", 18_00), booked_on=APRIL)
    invoice(make_customer().pk)

    exempt = april().exempt

    assert (exempt.interest_paise, exempt.fees_paise, exempt.penal_paise) == (1_200_00, 300_00, 500_00)
    assert april("KA", is_principal=False).exempt.interest_paise == 0


def test_register_equals_the_ledger_by_account_and_payments_stand_apart() -> None:
    home, tamil = make_customer(), make_customer(state_code="TN")
    invoice(home.pk, 1_000_01, issued_on=date(2026, 3, 31))
    invoice(home.pk, 2_000_03)
    invoice(tamil.pk, 500_00)
    payment = ManualJournal(
        lines=(
            ManualLine(account_code="2311.MH", debit_paise=90_00),
            ManualLine(account_code="1010", credit_paise=90_00),
        ),
        value_date=date(2026, 4, 20),
        narration="Tax of March paid",
    )
    manual_journal_post(
        voucher=payment,
        idempotency_key=next_key("pay"),
        reason="Return of March",
        actor=make_user(),
        reference_type="tests.voucher",
        reference_id=1,
    )

    found = april()

    # 18 % of 1,000.01 is 180.00; of 2,000.03 it is 360.01, of which the odd paisa goes to the centre.
    assert [
        (
            line.code,
            line.opening_paise,
            line.register_paise,
            line.documents_paise,
            line.others_paise,
            line.closing_paise,
        )
        for line in found.ledger
    ] == [
        ("2311.MH", 90_00, 180_01, 180_01, -90_00, 180_01),
        ("2312.MH", 90_00, 180_00, 180_00, 0, 270_00),
        ("2313.MH", 0, 90_00, 90_00, 0, 90_00),
    ]
    assert found.is_equal


def test_each_registration_has_its_own_register() -> None:
    invoice(make_customer(state_code="KA").pk)
    invoice(make_customer().pk)

    assert (april("KA").total, april("MH").total) == (TaxSums(100_00, 9_00, 9_00, 0), TaxSums(100_00, 9_00, 9_00, 0))
    assert april("KA").ledger[0].code == "2311.KA"
