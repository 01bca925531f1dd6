"""Accountants write journals by hand; they balance, name the right accounts, and need a second person."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User

from core.approvals.errors import ApprovalAboveAuthority, ApprovalByMaker, ApprovalForbidden
from core.approvals.models import ApprovalRequest, AuthorityLimit
from core.approvals.services import Attachment, approval_approve, approval_request
from core.errors import KistError
from ledger.approvals import MANUAL_JOURNAL, voucher_payload
from ledger.checks import ledger_check
from ledger.errors import (
    AccountClosed,
    AccountLimitReached,
    AccountTakesNoManual,
    AccountUnknown,
    JournalAccountTwice,
    JournalKeyReused,
    JournalLinesMissing,
    JournalLineWrong,
    JournalUnbalanced,
    PeriodClosed,
    ReasonMissing,
    ValueDateInFuture,
)
from ledger.models import Account, AccountBalance, Journal, Period
from ledger.selectors import balance_now
from ledger.services import ManualJournal, ManualLine, manual_journal_post, product_accounts_create
from tests.factories.ledger import ledger_ready, legs_of
from tests.factories.lms import set_business_date
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db

TODAY = date(2026, 5, 2)
CAPITAL = (("1010", 5_00_00_000_00, 0), ("3010", 0, 5_00_00_000_00))


@pytest.fixture(autouse=True)
def _books() -> None:
    ledger_ready()
    set_business_date(TODAY)


def voucher(*lines: tuple[str, int, int], **changes: Any) -> ManualJournal:
    """Return a voucher with lines of code, debit and credit."""
    values: dict[str, Any] = {"value_date": TODAY, "narration": "Opening capital"}
    return ManualJournal(
        lines=tuple(ManualLine(account_code=code, debit_paise=dr, credit_paise=cr) for code, dr, cr in lines),
        **(values | changes),
    )


def enter(wanted: ManualJournal, *, key: str = "m", actor: User | None = None, reason: str = "Founders") -> Journal:
    """Post a voucher."""
    return manual_journal_post(
        voucher=wanted,
        idempotency_key=key,
        reference_type="tests.voucher",
        reference_id=1,
        actor=actor or make_staff("analyst"),
        reason=reason,
    )


def test_opening_capital_goes_into_the_bank() -> None:
    journal = enter(voucher(*CAPITAL))

    assert legs_of(journal) == [("1010", "3010", 5_00_00_000_00)]
    assert (journal.event, journal.value_date, journal.booked_on) == ("MANUAL", TODAY, TODAY)
    assert balance_now(account=Account.objects.get(code="3010")) == -5_00_00_000_00
    assert enter(voucher(*CAPITAL)) == journal
    assert ledger_check().broken == ()


def test_many_lines_become_transfers_that_keep_every_line() -> None:
    journal = enter(voucher(("5410", 700, 0), ("5420", 50, 0), ("5010", 250, 0), ("1010", 0, 600), ("2410", 0, 400)))

    assert legs_of(journal) == [
        ("5410", "1010", 600),
        ("5410", "2410", 100),
        ("5420", "2410", 50),
        ("5010", "2410", 250),
    ]
    assert journal.total_paise == 1_000


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ([("1010", 100, 0), ("3010", 0, 99)], JournalUnbalanced),
        ([("1010", 100, 0)], JournalLinesMissing),
        ([("1010", 1, 0), ("3010", 0, 1)] * 51, JournalLinesMissing),
        ([("1010", 0, 0), ("3010", 0, 0)], JournalLineWrong),
        ([("1010", 5, 5), ("3010", 5, 5)], JournalLineWrong),
        ([("1010", -5, 0), ("3010", 0, -5)], JournalLineWrong),
        ([("1010", 10**18, 0), ("3010", 0, 10**18)], JournalLineWrong),
        ([("1010", 10**18 - 1, 0), ("1030", 1, 0), ("3010", 0, 10**18 - 1), ("3020", 0, 1)], JournalUnbalanced),
        ([("1010", 100, 0), ("1010", 0, 100)], JournalAccountTwice),
        ([("1010", 100, 0), ("9999", 0, 100)], AccountUnknown),
        ([("1110.PL", 100, 0), ("3010", 0, 100)], AccountTakesNoManual),
        ([("2310", 100, 0), ("3010", 0, 100)], AccountTakesNoManual),
        ([("1910", 100, 0), ("3010", 0, 100)], AccountClosed),
        ([("3010", 100, 0), ("1020", 0, 100)], AccountLimitReached),
    ],
)
def test_wrong_voucher_is_refused_by_name_and_posts_nothing(
    lines: list[tuple[str, int, int]], refusal: type[KistError]
) -> None:
    Account.objects.filter(code="1910").update(is_active=False)

    with pytest.raises(refusal):
        enter(voucher(*lines))

    assert Journal.objects.count() == 0
    assert AccountBalance.objects.exclude(seq=0).count() == 0


def test_control_accounts_of_a_later_product_refuse_too() -> None:
    product_accounts_create(product_code="GL", name="Gold loan")

    with pytest.raises(AccountTakesNoManual):
        enter(voucher(("1120.GL", 100, 0), ("3010", 0, 100)))


def test_day_must_be_open() -> None:
    Period.objects.create(id=202604, state="SOFT_CLOSED")
    Period.objects.create(id=202603, state="HARD_CLOSED")

    with pytest.raises(ValueDateInFuture):
        enter(voucher(*CAPITAL, value_date=date(2026, 5, 3)))
    for day in (date(2026, 4, 30), date(2026, 3, 31)):
        with pytest.raises(PeriodClosed):
            enter(voucher(*CAPITAL, value_date=day))
    with pytest.raises(PeriodClosed):
        enter(voucher(*CAPITAL, value_date=date(2026, 3, 31)), actor=make_staff("finance"))

    assert Journal.objects.count() == 0


def test_finance_still_books_into_a_soft_closed_month() -> None:
    Period.objects.create(id=202604, state="SOFT_CLOSED")

    journal = enter(voucher(*CAPITAL, value_date=date(2026, 4, 30)), actor=make_staff("finance"))

    assert journal.booked_on == date(2026, 4, 30)


def test_same_key_for_another_voucher_is_refused() -> None:
    enter(voucher(*CAPITAL))

    with pytest.raises(JournalKeyReused):
        enter(voucher(*CAPITAL, narration="Other"))
    with pytest.raises(ReasonMissing):
        enter(voucher(*CAPITAL), key="other", reason=" ")


def ask(maker: User, wanted: ManualJournal) -> ApprovalRequest:
    """Ask for a voucher with a paper."""
    return approval_request(
        kind=MANUAL_JOURNAL,
        payload=voucher_payload(voucher=wanted, reason="Founders pay in"),
        reason="Founders pay in",
        actor=maker,
        idempotency_key="v1",
        attachments=[Attachment(name="resolution.pdf", content=b"%PDF-1.7 board resolution")],
    )


def test_second_person_sees_the_effect_and_approves(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    finance, manager = make_staff("finance"), make_staff("manager")
    AuthorityLimit.objects.create(
        role="manager", kind=MANUAL_JOURNAL, up_to_paise=10**12, effective_from=date(2026, 1, 1)
    )

    request = ask(finance, voucher(*CAPITAL))

    assert Journal.objects.count() == 0
    assert request.amount_paise == 5_00_00_000_00
    assert request.effect["balances_move_by_paise"] == {"1010": 5_00_00_000_00, "3010": -5_00_00_000_00}
    approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=manager)
    journal = Journal.objects.get()
    assert (journal.reference_type, journal.reference_id) == ("core.approvalrequest", request.pk)
    assert request.attachments.get().name == "resolution.pdf"


def test_maker_strangers_and_those_without_authority_cannot_approve(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    manager = make_staff("manager")
    request = ask(manager, voucher(*CAPITAL))

    for actor, refusal in (
        (manager, ApprovalByMaker),
        (make_staff("operations"), ApprovalForbidden),
        (make_staff("finance"), ApprovalAboveAuthority),
    ):
        with pytest.raises(refusal):
            approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=actor)

    assert Journal.objects.count() == 0
