"""A settlement of ten thousand lines costs a number of statements per thousand, and locks nothing but its own rows."""

import threading
from datetime import date
from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core.locks import unlocked_rows
from payments.errors import AmountDiffers
from payments.models import IncomingPayment, PartKind, Settlement, SettlementPart, SettlementStanding, Vendor
from payments.services.settlement_parts import settlement_parts_told
from payments.vendors.heard import PartHeard
from tests.callers import at_once
from tests.factories.lms import set_business_date
from tests.factories.payments import make_vendor

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)


@pytest.fixture
def vendor(db: None) -> Vendor:
    set_business_date(TODAY)
    return make_vendor(address="http://127.0.0.1:9", float_paise=0)


def settlement_of(vendor: Vendor, *, lines: int) -> Settlement:
    return Settlement.objects.create(
        vendor=vendor,
        vendor_reference=f"setl_{lines}",
        amount_paise=lines * 1_00,
        fee_paise=0,
        tax_paise=0,
        booked_on=TODAY,
    )


def reported(lines: int) -> list[PartHeard]:
    return [
        PartHeard(kind=PartKind.PAYMENT, vendor_reference=f"pay_{lines}_{n}", amount_paise=1_00, net_paise=1_00)
        for n in range(lines)
    ]


def taken(vendor: Vendor, lines: list[PartHeard]) -> None:
    """Let the payments of a report, from its last line to its first, be known to us."""
    IncomingPayment.objects.bulk_create(
        IncomingPayment(
            number=line.vendor_reference,
            source="GATEWAY",
            vendor=vendor,
            vendor_reference=line.vendor_reference,
            amount_paise=1_00,
        )
        for line in reversed(lines)
    )


def statements(vendor: Vendor, *, lines: int) -> tuple[int, int]:
    """Return how many statements a report costs when it is told first, and again when its payments are known."""
    row, report = settlement_of(vendor, lines=lines), reported(lines)
    with CaptureQueriesContext(
        connection,
    ) as first:
        assert settlement_parts_told(settlement_id=row.pk, heard=report).standing == SettlementStanding.DIFFERS
    taken(vendor, report)
    with CaptureQueriesContext(connection) as again:
        assert settlement_parts_told(settlement_id=row.pk, heard=report).standing == SettlementStanding.EXPLAINED
    return len(first), len(again)


def test_lines_are_written_by_the_thousand(vendor: Vendor) -> None:
    one, thousand, three = (statements(vendor, lines=lines) for lines in (1, 1000, 3000))

    assert max(one) <= 12
    # For each thousand: two look-ups of payments, two statements that lock them, and two to four that write lines.
    assert max(thousand) - max(one) <= 8
    assert max(three) - max(thousand) <= 16
    assert SettlementPart.objects.filter(payment__isnull=False).count() == 4001


def test_report_keeps_the_order_of_its_lines_with_their_payments(vendor: Vendor) -> None:
    row, report = settlement_of(vendor, lines=30), reported(30)
    taken(vendor, report)

    settlement_parts_told(settlement_id=row.pk, heard=report)

    parts = row.parts.order_by("pk").select_related("payment")
    assert [(part.vendor_reference, part.payment.number) for part in parts if part.payment] == [
        (line.vendor_reference, line.vendor_reference) for line in report
    ]


def test_line_that_a_report_has_twice_is_one_line(vendor: Vendor) -> None:
    row, [line] = settlement_of(vendor, lines=1), reported(1)
    taken(vendor, [line])

    told = settlement_parts_told(settlement_id=row.pk, heard=[line, line])

    assert (told.standing, row.parts.count()) == (SettlementStanding.EXPLAINED, 1)


def test_line_that_a_report_has_twice_with_two_amounts_is_refused(vendor: Vendor) -> None:
    row, [line] = settlement_of(vendor, lines=1), reported(1)
    other = PartHeard(kind=line.kind, vendor_reference=line.vendor_reference, amount_paise=2_00, net_paise=2_00)

    with pytest.raises(AmountDiffers):
        settlement_parts_told(settlement_id=row.pk, heard=[line, other])

    row.refresh_from_db()
    assert (row.parts.count(), row.standing) == (0, SettlementStanding.WAITING)


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_report_that_is_told_at_once_by_two_is_written_once(transactional_db: None) -> None:
    set_business_date(TODAY)
    vendor = make_vendor(address="http://127.0.0.1:9", float_paise=0)
    row, report = settlement_of(vendor, lines=200), reported(200)
    taken(vendor, report)

    def tell(lines: list[PartHeard]) -> None:
        settlement_parts_told(settlement_id=row.pk, heard=lines)

    at_once(*(partial(tell, lines) for lines in (report, report[::-1], report, report[::-1])))

    row.refresh_from_db()
    assert (row.parts.count(), row.standing) == (200, SettlementStanding.EXPLAINED)


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_report_does_not_lock_the_contract_of_its_gateway(transactional_db: None) -> None:
    set_business_date(TODAY)
    vendor = make_vendor(address="http://127.0.0.1:9", float_paise=0)
    row, report = settlement_of(vendor, lines=2), reported(2)
    free: list[tuple[int, int]] = []

    def look() -> None:
        with transaction.atomic():
            vendors, settlements = (unlocked_rows(model.objects.all()) for model in (Vendor, Settlement))
            free.append((len(vendors), len(settlements)))
        connection.close()

    with transaction.atomic():
        settlement_parts_told(settlement_id=row.pk, heard=report)
        beside = threading.Thread(target=look)
        beside.start()
        beside.join()

    assert free == [(1, 0)]
