"""The rows around a question: the intent before it is sent, the right to pay for it, and what its end means."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db import IntegrityError
from ulid import ULID

from core.clock import database_now
from core.failpoints import failpoint
from core.transactions import run_in_transaction
from payments.bulk import AmongQuery, rows_insert, rows_overwrite
from payments.locks import paid_checks_for_update
from payments.models import CheckState, Operation, PaidCheck, PayeeCheck, VendorRoute
from payments.proving.doors import Call, Ended
from payments.proving.jobs import Item
from payments.proving.wire import call_to_ask, call_to_find, news_in, news_of_refusal
from payments.services.payees import Answered
from payments.services.vendors import parameters_on
from payments.vendors.answers import ProofNews, ProofOrder
from payments.vendors.errors import VendorAway, VendorError, VendorNotFound, VendorRefused, VendorUnsure
from payments.vendors.http import meaning

_RACES_MOST: Final = 3
_RIGHTS: Final = AmongQuery(
    lambda indexes: (
        paid_checks_for_update()
        .filter(account_index__among=indexes)
        .values_list("account_index", "ifsc", "pk", "taken_until")
    )
)
_BY_REFERENCE: Final = AmongQuery(
    lambda references: PayeeCheck.objects.filter(our_reference__among=references).values_list("our_reference", "pk")
)
# By account as vendors know it: the key of the right, and until when it is taken.
Rights = dict[tuple[str, str], tuple[int, date | None]]


@dataclass(frozen=True, slots=True)
class Question:
    """An account and the route by which it is asked about."""

    item: Item
    route: VendorRoute


@dataclass(frozen=True, slots=True)
class Opened:
    """Questions whose intents are written, and accounts that may not be paid for now."""

    calls: list[Call]
    being_proven: list[Item]
    paid_in_vain: list[Item]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the end of a call says: an answer to write down, or none, and the error that puts its health in doubt."""

    answer: ProofNews | None
    is_sent: bool = True
    failure: VendorError | None = None
    problem: str = ""
    pause_seconds: float = 0.0


def questions_open(*, questions: Sequence[Question], today: date) -> Opened:
    """Write the intents of questions before they are sent, and take the right to those that cost money.

    Args:
        questions: at most one for each account.
        today: the business date from which the right is taken.

    Returns:
        The calls to make, and the accounts for which somebody pays just now or paid in vain.
    """

    asked: list[tuple[Question, int, str]] = []
    refused: list[Item] = []

    def write() -> None:
        asked.clear()
        rights = _rights([question.item for question in questions if question.route.cost_paise])
        is_taken = {account for account, right in rights.items() if right[1] is not None and right[1] >= today}
        asked.extend(_intents([question for question in questions if question.item.account not in is_taken]))
        _rights_take([one for one in asked if one[0].route.cost_paise], rights, today + proof_days)
        refused[:] = [question.item for question in questions if question.item.account in is_taken]
        failpoint("proof.before_intent_commit")

    proof_days = timedelta(days=parameters_on(day=today).payee_proof_days)
    _write_again(write)
    failpoint("proof.after_intent_commit")
    deciding = _deciding(refused)
    return Opened(
        [_call(question, check_id, our_reference) for question, check_id, our_reference in asked],
        being_proven=[item for item in refused if item.account in deciding],
        paid_in_vain=[item for item in refused if item.account not in deciding],
    )


def call_for_open(*, item: Item) -> Call:
    """Return the call that finds out what became of an account's open question."""
    check = item.open_check
    if check is None or check.vendor is None:
        raise ValueError("Nothing was asked about the account.")
    order = _order(item, check.our_reference)
    return Call(
        vendor=check.vendor.code,
        operation=check.operation,
        kind="find",
        sent=call_to_find(vendor=check.vendor, order=order, vendor_reference=check.vendor_reference),
        job_id=item.job_id,
        check_id=check.pk,
        our_reference=check.our_reference,
        is_paid=check.operation != Operation.NAME_LOOKUP,
    )


def meaning_of(*, ended: Ended, kind: str) -> Meaning:
    """Say what the end of a call means for the check and for the vendor's health.

    Args:
        kind: of the vendor.
    """
    try:
        return Meaning(_answer(ended, kind))
    except VendorError as error:
        return _meaning_of_error(error, is_search=ended.call.kind == "find" and ended.call.is_paid)


def never_arrived(*, check_ids: Iterable[int], today: date) -> list[Answered]:
    """Return answers for those of some checks that their vendors would know by now, had they ever arrived."""
    oldest = database_now() - timedelta(minutes=parameters_on(day=today).proof_unknown_minutes)
    lost = PayeeCheck.objects.filter(pk__in=list(check_ids), state=CheckState.WAITING, asked_at__lte=oldest)
    news = ProofNews(state=CheckState.DROPPED, reason="The vendor never heard of it")
    return [Answered(check_id=pk, news=news) for pk in lost.values_list("pk", flat=True)]


def _deciding(items: Sequence[Item]) -> set[tuple[str, str]]:
    """Return those of some accounts whose paid check is open, or has decided."""
    if not items:
        return set()
    rows = PaidCheck.objects.filter(
        account_index__in=[item.account[0] for item in items],
        check_made__state__in=(CheckState.WAITING, CheckState.VALID, CheckState.INVALID),
    )
    return set(rows.values_list("account_index", "ifsc"))


def _answer(ended: Ended, kind: str) -> ProofNews | None:
    reply = ended.reply
    if reply is None:
        raise ended.error or VendorUnsure("No answer")
    answer = meaning(status=reply.status, kind=reply.kind, content=reply.content, retry_after=reply.retry_after)
    if ended.call.kind == "probe":
        return None
    return news_in(kind=kind, answer=answer, our_reference=ended.call.our_reference)


def _meaning_of_error(error: VendorError, *, is_search: bool) -> Meaning:
    if isinstance(error, VendorAway):
        return Meaning(None, is_sent=False, problem=error.reason, pause_seconds=error.retry_seconds)
    if isinstance(error, VendorRefused) and error.is_about_us:
        problem = "The vendor refuses our credentials"
        return Meaning(None, is_sent=False, failure=VendorUnsure(problem), problem=problem, pause_seconds=60)
    if isinstance(error, VendorRefused):
        return Meaning(news_of_refusal(error))
    if isinstance(error, VendorNotFound):
        # To a question it is an answer: nothing is known. To a search it says nothing yet.
        news = None if is_search else ProofNews(state=CheckState.UNPROVEN, reason=error.reason)
        return Meaning(news, problem="The vendor does not know the question yet")
    # A duplicate too: what became of the first is looked for.
    return Meaning(None, failure=error if isinstance(error, VendorUnsure) else None, problem=error.reason)


def _write_again(write: Callable[[], None]) -> None:
    """Write, and again where another worker has taken a right that nobody had before: the repeat sees it."""
    for _ in range(_RACES_MOST):
        try:
            run_in_transaction(write)
        except IntegrityError:
            continue
        return
    run_in_transaction(write)


def _rights(items: Sequence[Item]) -> Rights:
    """Lock the rights that exist to ask about accounts: their keys, and until when they are taken."""
    rows = _RIGHTS.rows({item.account[0] for item in items})
    return {(index, ifsc): (pk, until) for index, ifsc, pk, until in rows}


def _rights_take(asked: Sequence[tuple[Question, int, str]], rights: Rights, until: date) -> None:
    """Take the rights for the days of a proof, always in one order; the unique index lets one worker have a new one."""
    by_account = sorted((question.item.account, check_id) for question, check_id, _ in asked)
    new = [(*account, check_id, until) for account, check_id in by_account if account not in rights]
    columns = ("account_index", "ifsc", "check_made_id", "taken_until")
    rows_insert(model=PaidCheck, columns=columns, rows=new)
    old = [(rights[account][0], check_id, until) for account, check_id in by_account if account in rights]
    rows_overwrite(model=PaidCheck, columns=columns[2:], rows=sorted(old))


def _intents(questions: Sequence[Question]) -> list[tuple[Question, int, str]]:
    """Write the questions down, and return each with its key and our reference."""
    if not questions:
        return []
    now = database_now()
    references = [str(ULID()) for _ in questions]
    rows_insert(
        model=PayeeCheck,
        columns=(
            *("account_index", "ifsc", "bank_account_id", "vendor_id", "operation"),
            *("state", "our_reference", "asked_at"),
        ),
        rows=[
            (
                *question.item.account,
                question.item.bank_account_id,
                question.route.vendor_id,
                question.route.operation,
                CheckState.WAITING.value,
                our_reference,
                now,
            )
            for question, our_reference in zip(questions, references, strict=True)
        ],
    )
    # MySQL does not tell the keys of many rows at once.
    keys = dict(_BY_REFERENCE.rows(references))
    return [(question, keys[reference], reference) for question, reference in zip(questions, references, strict=True)]


def _call(question: Question, check_id: int, our_reference: str) -> Call:
    vendor = question.route.vendor
    return Call(
        vendor=vendor.code,
        operation=question.route.operation,
        kind="ask",
        sent=call_to_ask(vendor=vendor, order=_order(question.item, our_reference)),
        job_id=question.item.job_id,
        check_id=check_id,
        our_reference=our_reference,
        is_paid=question.route.cost_paise > 0,
    )


def _order(item: Item, our_reference: str) -> ProofOrder:
    return ProofOrder(
        our_reference=our_reference,
        holder_name=item.holder_name,
        account_number=item.account_number,
        ifsc=item.ifsc,
    )
