"""What an act would do is shown in full, and is not done."""

from datetime import date

import pytest

from core.approvals.effects import effect_view
from ledger.models import Journal
from lms.errors import LoanUnknown, ValueDateInFuture
from lms.models import Loan, LoanFact
from lms.services.effect_totals import effect_totals
from lms.services.effects import FigureChange, NewFact, effect_of, loans_version
from lms.services.receipts import receipt_post
from tests.factories.book import receive
from tests.factories.lms import make_loan, set_business_date

FIRST_DUE = date(2026, 2, 1)


def _receive(loan: Loan, *, value_date: date = FIRST_DUE) -> LoanFact:
    return receipt_post(
        loan_id=loan.pk,
        amount_paise=11_348_00,
        value_date=value_date,
        reference="UTR-9",
        idempotency_key="effect-1",
    )


def test_effect_shows_entry_postings_and_figures(loan: Loan) -> None:
    set_business_date(FIRST_DUE)

    (effect,) = effect_of(loan_ids=[loan.pk], act=lambda: _receive(loan)).loans

    assert effect.loan == loan.number
    assert effect.facts == (NewFact(sequence=2, kind="RECEIVE", value_date="2026-02-01", amount_paise=11_348_00),)
    assert {(posting.debit[:4], posting.credit[:4], posting.amount_paise) for posting in effect.postings} >= {
        ("1010", "1120", 2_446_03),
        ("1010", "1110", 8_901_97),
    }
    assert FigureChange(name="principal_outstanding_paise", before="12000000", after="11109803") in effect.figures
    assert (effect.schedule_before[0].open_paise, effect.schedule_after[0].open_paise) == (11_348_00, 0)


def test_effect_leaves_nothing_behind(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    journals = Journal.objects.count()

    effect_of(loan_ids=[loan.pk], act=lambda: _receive(loan))

    loan.refresh_from_db()
    assert (loan.fact_count, loan.principal_outstanding_paise) == (1, 1_20_000_00)
    assert (LoanFact.objects.count(), Journal.objects.count()) == (1, journals)


def test_effect_is_what_the_act_then_does(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    effect = effect_of(loan_ids=[loan.pk], act=lambda: _receive(loan))
    foreseen = {change.name: change.after for change in effect.loans[0].figures}

    _receive(loan)

    loan.refresh_from_db()
    assert foreseen == {name: str(getattr(loan, name) or "0") for name in foreseen}


def test_refused_act_has_no_effect(loan: Loan) -> None:
    set_business_date(FIRST_DUE)

    with pytest.raises(ValueDateInFuture):
        effect_of(loan_ids=[loan.pk], act=lambda: _receive(loan, value_date=date(2026, 2, 2)))

    assert LoanFact.objects.count() == 1


def test_unknown_loan_is_refused(loan: Loan) -> None:
    with pytest.raises(LoanUnknown):
        effect_of(loan_ids=[loan.pk + 1], act=lambda: None)


def test_version_changes_with_the_loan(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    before = loans_version(loan_ids=[loan.pk])

    _receive(loan)

    assert loans_version(loan_ids=[loan.pk]) != before


def test_totals_of_many_loans_are_sums_over_them(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    other = make_loan(version=loan.product_version)

    effect = effect_of(
        loan_ids=[loan.pk, other.pk], act=lambda: [receive(item, 11_348_00, FIRST_DUE) for item in (loan, other)]
    )
    totals = effect_totals(effect=effect)

    assert totals["loans"] == 2
    assert totals["entries"] == [{"kind": "RECEIVE", "count": 2, "amount_paise": 22_696_00}]
    assert totals["principal_outstanding_paise_before"] == 2_40_000_00
    assert totals["principal_outstanding_paise_after"] == 2_22_196_06
    booked = {row["amount_paise"] for row in totals["postings"]}  # type: ignore[attr-defined]
    assert booked >= {2 * 2_446_03, 2 * 8_901_97}
    assert totals["class_moves"] == []
    view = effect_view(effect=totals)
    assert [row.label for row in view.rows][:2] == ["Loans", "Principal outstanding"]
    assert [table.label for table in view.tables] == ["Entries", "Postings"]
