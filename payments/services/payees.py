"""Prove that an account exists and is the borrower's: what is known, what is asked, what an answer means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from core import audit
from core.clock import database_now
from core.sagas.services import saga_wake
from core.streams import hint_on_commit
from core.transactions import run_in_transaction
from customers.models import BankAccount
from lms.services.checks import reason_check
from payments.bulk import AmongQuery, rows_overwrite
from payments.errors import CheckNotInReview
from payments.locks import checks_for_update
from payments.models import CheckState, NameBand, PaidCheck, PayeeCheck, PaymentParameters, ProofJob
from payments.names import Degrees, NameFit, name_fit
from payments.services.check_rows import CheckNow
from payments.services.vendor_costs import proof_costs_book
from payments.services.vendors import parameters_on
from payments.vendors.answers import ProofNews

PROOF_QUEUE = "pay.proof"
_PROVING = (CheckState.VALID, CheckState.INVALID)
_NO_NAME = "the bank tells no name"
_CHECKS = AmongQuery(lambda keys: checks_for_update().filter(pk__among=keys).values_list(*CheckNow.COLUMNS))
_OPEN_JOBS = AmongQuery(
    lambda indexes: (
        ProofJob.objects.filter(bank_account__account_index__among=indexes, done_at__isnull=True)
        .order_by("pk")
        .values_list("pk", "bank_account_id", "saga_id", "bank_account__account_index", "bank_account__ifsc")
    )
)
_ANSWER_COLUMNS = (
    "state",
    "vendor_reference",
    "utr",
    "reason",
    "answered_at",
    "valid_until",
    "holder_name",
    "score",
    "strict_score",
    "degree",
    "band",
    "fee_paise",
    "moved_paise",
    "booked_on",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is known of an account on a day."""

    check_id: int | None = None
    is_proven: bool = False
    is_refused: bool = False
    is_in_review: bool = False
    is_ended: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer to one check; `customer_name` is looked up where the caller has not read it."""

    check_id: int
    news: ProofNews
    customer_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an answer means: why not, or the holder's name and how well it fits."""

    reason: str
    holder_name: str = ""
    score: int | None = None
    strict_score: int | None = None
    degree: str = ""
    band: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """An account about which all is known, the customer's row of it, and whether it was refused."""

    bank_account_id: int
    account: tuple[str, str]
    is_refused: bool


def proof_of(*, bank_account: BankAccount, today: date) -> Proof:
    """Return what the last answer about an account proves; nothing when it is older than the parameters allow.

    Whether an account exists counts for all who have it; a name was compared with one customer's alone. A bank that
    has refused a payout because of the account ends what was proven before, for all who have it.
    """
    check = (
        PayeeCheck.objects.filter(
            Q(state__in=(CheckState.INVALID, CheckState.ENDED))
            | Q(state=CheckState.VALID, bank_account__customer_id=bank_account.customer_id),
            account_index=bank_account.account_index,
            ifsc=bank_account.ifsc,
            valid_until__gte=today,
        )
        .order_by("-answered_at", "-pk")
        .first()
    )
    return proof_by(check=check)


def proof_by(*, check: PayeeCheck | None) -> Proof:
    """Return what one check proves to the customer whose account it asked about."""
    if check is None:
        return Proof()
    if check.state == CheckState.INVALID:
        return Proof(check_id=check.pk, is_refused=True, problem=check.reason or "the bank does not know it")
    if check.state == CheckState.ENDED:
        problem = f"the bank refused a payout to it: {check.reason}"
        return Proof(check_id=check.pk, is_ended=True, problem=problem)
    if check.band == NameBand.REJECT:
        return Proof(check_id=check.pk, is_refused=True, problem="the account is somebody else's")
    return Proof(check_id=check.pk, is_proven=check.band == NameBand.PASS, is_in_review=check.band == NameBand.REVIEW)


def proof_request(
    *, bank_account: BankAccount, saga_id: int | None = None, priority: int = 50, actor: User | None = None
) -> ProofJob:
    """Ask for a proof; an account that is being proven already is not asked for twice.

    Args:
        actor: the member of staff who asks; None for a saga.
    """

    def request() -> ProofJob:
        open_jobs = ProofJob.objects.filter(bank_account=bank_account, saga_id=saga_id, done_at__isnull=True)
        job = open_jobs.first() or _job(bank_account, saga_id, priority)
        if actor is not None:
            audit.record(actor=actor, action="payments.proof_request", obj=job, reason="Asked for by staff")
        return job

    return run_in_transaction(request)


def check_answered(*, check_id: int, news: ProofNews, today: date) -> PayeeCheck:
    """Write an answer down, compare the names, and let the sagas go on that wait for the account."""
    checks_answered(answers=[Answered(check_id=check_id, news=news)], today=today)
    return PayeeCheck.objects.get(pk=check_id)


def checks_answered(*, answers: Sequence[Answered], today: date) -> list[CheckNow]:
    """Write many answers down at once, each as `check_answered` does; what was proven before stays as it is.

    Args:
        answers: one for each check.
        today: the business date from which proofs count.

    Returns:
        What each of the checks says now.
    """
    news = {answer.check_id: answer.news for answer in answers}

    def answered() -> list[CheckNow]:
        checks = [CheckNow(*row) for row in _CHECKS.rows(set(news))]
        open_ones = [check for check in checks if check.state not in _PROVING]
        names = {answer.check_id: answer.customer_name for answer in answers if answer.customer_name}
        unnamed = {check.bank_account_id for check in open_ones if check.pk not in names}
        found = _customer_names(unnamed) if unnamed else {}
        parameters, now = parameters_on(day=today), database_now()
        said: dict[int, Said] = {}
        for check in open_ones:
            told = news[check.pk]
            name = names.get(check.pk) or found[check.bank_account_id]
            said[check.pk] = said_of(news=told, customer_name=name, parameters=parameters)
            check.state, check.reason = told.state, said[check.pk].reason
            check.vendor_reference = told.vendor_reference or check.vendor_reference
            check.utr = told.utr or check.utr
        proof_costs_book(checks=open_ones, today=today)
        until = today + timedelta(days=parameters.payee_proof_days)
        rows = [_answer_row(check, said[check.pk], now=now, until=until) for check in open_ones]
        rows_overwrite(model=PayeeCheck, columns=_ANSWER_COLUMNS, rows=rows)
        # A vendor that could not say, and moved no money, leaves the right to ask another.
        given_up = [
            check.pk
            for check in open_ones
            if check.state in (CheckState.UNPROVEN, CheckState.DROPPED) and not check.utr
        ]
        if given_up:
            PaidCheck.objects.filter(check_made_id__in=given_up).update(taken_until=None, check_made=None)
        return checks

    checks = run_in_transaction(answered)
    jobs_end(
        ended=[
            Ended(check.bank_account_id, (check.account_index, check.ifsc), check.state == CheckState.INVALID)
            for check in checks
            if check.state in _PROVING
        ]
    )
    return checks


def said_of(*, news: ProofNews, customer_name: str, parameters: PaymentParameters) -> Said:
    """Say what an answer means for a check: where the account exists, how well the name fits the customer's."""
    if news.state != CheckState.VALID:
        return Said(reason=news.reason)
    fit = name_fit(ours=customer_name, theirs=news.holder_name)
    return Said(
        # Without a name the account exists; whose it is, somebody has to find out.
        reason=news.reason if news.holder_name.strip() else _NO_NAME,
        holder_name=news.holder_name,
        score=fit.score,
        strict_score=fit.strict_score,
        degree=degrees_of(parameters=parameters).of(fit.score).value,
        band=_band(fit, parameters).value,
    )


def jobs_end(*, ended: Sequence[Ended]) -> None:
    """End the work on accounts that were proven or refused, and let those go on that waited for them.

    A refusal ends the jobs of all who have the account. After a proof those of other customers become due: they take
    it over and compare their own name.
    """
    if not ended:
        return
    own = {one.bank_account_id for one in ended}
    answered = {one.account for one in ended}
    refused = {one.account for one in ended if one.is_refused}
    over: dict[int, int | None] = {}
    others = []
    for pk, account_id, saga_id, index, ifsc in _OPEN_JOBS.rows({index for index, _ in answered}):
        if account_id in own or (index, ifsc) in refused:
            over[pk] = saga_id
        elif (index, ifsc) in answered:
            others.append(pk)
    now = database_now()
    if over:
        ProofJob.objects.filter(pk__among=set(over)).update(done_at=now, problem="")
    if others:
        ProofJob.objects.filter(pk__in=others).update(run_at=now)
        hint_on_commit(queue=PROOF_QUEUE, row_ids=others)
    for saga_id in sorted({saga_id for saga_id in over.values() if saga_id is not None}):
        saga_wake(saga_id=saga_id)


def check_decide(*, check_id: int, is_same_person: bool, actor: User, reason: str) -> PayeeCheck:
    """Decide about a name in doubt.

    Raises:
        CheckNotInReview: it is not in doubt.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)

    def decide() -> PayeeCheck:
        check = checks_for_update().get(pk=check_id)
        if check.band != NameBand.REVIEW:
            raise CheckNotInReview()
        check.band = NameBand.PASS if is_same_person else NameBand.REJECT
        check.decided_by_id = actor.pk
        check.save(update_fields=["band", "decided_by_id"])
        audit.record(actor=actor, action="payments.check_decide", obj=check, reason=reason, detail={"band": check.band})
        return check

    check = run_in_transaction(decide)
    for saga_id in ProofJob.objects.filter(bank_account=check.bank_account).values_list("saga_id", flat=True):
        if saga_id is not None:
            saga_wake(saga_id=saga_id)
    return check


def degrees_of(*, parameters: PaymentParameters) -> Degrees:
    """Return the scores from which two names fit in a degree."""
    return Degrees(
        complete=parameters.name_complete_score,
        high=parameters.name_high_score,
        moderate=parameters.name_moderate_score,
        low=parameters.name_low_score,
    )


def _job(bank_account: BankAccount, saga_id: int | None, priority: int) -> ProofJob:
    now = database_now()
    job = ProofJob.objects.create(
        bank_account=bank_account, saga_id=saga_id, priority=priority, requested_at=now, run_at=now
    )
    hint_on_commit(queue=PROOF_QUEUE, row_ids=[job.pk])
    return job


def _answer_row(check: CheckNow, said: Said, *, now: datetime, until: date) -> tuple[Any, ...]:
    is_final = check.state in _PROVING
    return (
        check.pk,
        *(str(check.state), check.vendor_reference, check.utr, check.reason),
        *((now, until) if is_final else (None, None)),
        *(said.holder_name, said.score, said.strict_score, said.degree, said.band),
        *(check.fee_paise, check.moved_paise, check.booked_on),
    )


def _customer_names(account_ids: set[int]) -> dict[int, str]:
    # Not by a join: the lock on the checks would take the customers' rows as well.
    return dict(BankAccount.objects.filter(pk__among=account_ids).values_list("pk", "customer__full_name"))


def _band(fit: NameFit, parameters: PaymentParameters) -> NameBand:
    if fit.is_comparable and fit.score < parameters.name_review_score:
        return NameBand.REJECT
    if fit.is_doubtful or fit.score < parameters.name_pass_score:
        return NameBand.REVIEW
    return NameBand.PASS
