"""The engine and the oracle agree to the paisa on random loans with random money."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from lms.engine.facts import Charge, Disburse, Fact, Receive
from lms.engine.replay import replay
from lms.engine.schedule import build_schedule
from lms.engine.state import Amounts, Head, LoanState, Movement
from lms.engine.terms import InterestPeriod, PenalMethod, PenalPlan, Terms
from tests.oracle.book import ORDER, Agreement, Book, Row, accrued, months_after, schedule

HEADS = {
    "interest": Head.INTEREST,
    "principal": Head.PRINCIPAL,
    "fee": Head.FEE,
    "tax": Head.TAX,
    "penal": Head.PENAL,
}

agreements = st.builds(
    lambda principal, pct, months, start, gap, unit, by_days: Agreement(
        principal=principal,
        annual_pct=pct,
        count=months,
        start=start,
        first_due=start + timedelta(days=gap),
        unit=unit,
        is_by_days=by_days,
    ),
    st.integers(1_000_00, 10_00_000_00),
    st.integers(0, 4800).map(lambda bps: Decimal(bps) / 100),
    st.integers(1, 18),
    st.dates(date(2023, 1, 1), date(2027, 12, 31)),
    st.integers(1, 70),
    st.sampled_from([1, 100, 1000]),
    st.booleans(),
)
moments = st.tuples(st.integers(0, 500), st.integers(1, 400_000_00))


def terms_of(agreement: Agreement, penal_pct: Decimal = Decimal(0)) -> Terms:
    """Say the agreement in the engine's words."""
    plan = PenalPlan(method=PenalMethod.PER_DAY, annual_rate_pct=penal_pct) if penal_pct else None
    return Terms(
        principal_paise=agreement.principal,
        annual_rate_pct=agreement.annual_pct,
        instalment_count=agreement.count,
        first_due_date=agreement.first_due,
        interest_period=InterestPeriod.BY_DAYS if agreement.is_by_days else InterestPeriod.WHOLE_PERIODS,
        instalment_unit_paise=agreement.unit,
        penal_plan=plan,
    )


def amounts_of(parts: dict[str, int]) -> Amounts:
    """Put the oracle's parts in the engine's order."""
    return Amounts(**{part: parts[part] for part in ORDER})


def booked(state: LoanState, movement: Movement) -> dict[str, int]:
    """Read what a movement booked on each head."""
    return {part: state.total(movement, head) for part, head in HEADS.items()}


@settings(max_examples=150, deadline=None)
@given(agreement=agreements)
def test_schedules_agree(agreement: Agreement) -> None:
    found = build_schedule(terms=terms_of(agreement), start_date=agreement.start)

    assert [(row.from_date, row.due_date, row.due, row.balance_after_paise) for row in found] == [
        (row.start, row.due, amounts_of(row.due_parts), row.closing) for row in schedule(agreement)
    ]


@settings(max_examples=100, deadline=None)
@given(agreement=agreements, nights=st.integers(0, 700))
def test_accrual_agrees_on_every_day_end(agreement: Agreement, nights: int) -> None:
    as_of = agreement.start + timedelta(days=nights)
    facts = [Disburse(sequence=1, value_date=agreement.start, amount_paise=agreement.principal)]

    found = replay(terms=terms_of(agreement), facts=facts, as_of=as_of)

    assert found.total(Movement.ACCRUED, Head.INTEREST) == accrued(agreement, schedule(agreement), as_of)


def lived(
    agreement: Agreement,
    penal_pct: Decimal,
    charges: list[tuple[int, int]],
    receipts: list[tuple[int, int]],
    until: date,
) -> tuple[Book, LoanState]:
    """Let the oracle and the engine live through the same charges and receipts, given as (day offset, paise)."""
    numbers = count(2)
    facts: list[Fact] = [Disburse(sequence=1, value_date=agreement.start, amount_paise=agreement.principal)]
    charged: dict[date, list[tuple[int, int]]] = {}
    for offset, amount in charges:
        day, tax = agreement.start + timedelta(days=offset), amount * 18 // 100
        charged.setdefault(day, []).append((amount, tax))
        facts.append(Charge(sequence=next(numbers), value_date=day, amount_paise=amount, tax_paise=tax, code="FEE"))
    received: dict[date, list[int]] = {}
    for offset, amount in receipts:
        day = agreement.start + timedelta(days=offset)
        received.setdefault(day, []).append(amount)
        facts.append(Receive(sequence=next(numbers), value_date=day, amount_paise=amount))
    book = Book(agreement=agreement, penal_pct=penal_pct)
    book.live(charges=charged, receipts=received, until=until)
    return book, replay(terms=terms_of(agreement, penal_pct), facts=facts, as_of=until)


def assert_same_books(book: Book, found: LoanState) -> None:
    assert rows_of(found) == [(amounts_of(row.due_parts), amounts_of(row.paid_parts)) for row in book.rows]
    assert found.excess_paise == book.excess
    assert booked(found, Movement.RECEIVED) == {part: book.received[part] for part in HEADS}
    assert found.total(Movement.RECEIVED, Head.EXCESS) == book.received["excess"]
    assert booked(found, Movement.APPLIED) == book.applied


charge_lists = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 5_000_00)), max_size=3)


@settings(max_examples=80, deadline=None)
@given(agreement=agreements, charges=charge_lists, receipts=st.lists(moments, max_size=8), nights=st.integers(0, 560))
def test_receipts_and_charges_agree(
    agreement: Agreement, charges: list[tuple[int, int]], receipts: list[tuple[int, int]], nights: int
) -> None:
    until = agreement.start + timedelta(days=nights)

    book, found = lived(agreement, Decimal(0), charges, receipts, until)

    assert_same_books(book, found)


@settings(max_examples=60, deadline=None)
@given(
    agreement=agreements,
    penal_bps=st.integers(1, 3650),
    receipts=st.lists(moments, max_size=5),
    nights=st.integers(0, 200),
)
def test_penal_by_the_day_agrees_on_a_single_instalment(
    agreement: Agreement, penal_bps: int, receipts: list[tuple[int, int]], nights: int
) -> None:
    single = replace(agreement, count=1, first_due=months_after(agreement.start, 1))
    until = agreement.start + timedelta(days=nights)

    book, found = lived(single, Decimal(penal_bps) / 100, [], receipts, until)

    assert found.total(Movement.ACCRUED, Head.PENAL) == book.penal_charged
    assert_same_books(book, found)


@settings(max_examples=40, deadline=None)
@given(agreement=agreements, penal_bps=st.integers(1, 3650), nights=st.integers(0, 300))
def test_penal_on_many_overdue_instalments_agrees_in_total(agreement: Agreement, penal_bps: int, nights: int) -> None:
    until = agreement.start + timedelta(days=nights)

    book, found = lived(agreement, Decimal(penal_bps) / 100, [], [], until)

    assert found.total(Movement.ACCRUED, Head.PENAL) == book.penal_charged


def rows_of(state: LoanState) -> list[tuple[Amounts, Amounts]]:
    """Read what is due and paid of every row."""
    return [(row.due, row.paid) for row in state.instalments]


def test_the_oracle_knows_the_illustration() -> None:
    agreement = Agreement(
        principal=20_000_00,
        annual_pct=Decimal(15),
        count=24,
        start=date(2024, 1, 1),
        first_due=date(2024, 2, 1),
        unit=1,
        is_by_days=False,
    )

    rows: list[Row] = schedule(agreement)

    assert rows[0].due_parts == {"interest": 250_00, "principal": 719_74, "fee": 0, "tax": 0, "penal": 0}
    assert (rows[-1].closing, len(rows)) == (0, 24)
