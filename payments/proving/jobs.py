"""Which accounts wait to be proven, and what is known of each before anybody is asked."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Final

from django.db.models import Q
from ulid import ULID

from core.clock import database_now
from core.transactions import run_in_transaction
from customers.models import UPI_BRANCH, BankAccount
from payments.bulk import AmongQuery
from payments.locks import jobs_for_update
from payments.models import CheckState, PayeeCheck, ProofJob
from payments.services.payees import Ended, jobs_end, said_of
from payments.services.proof_ends import checks_counting
from payments.services.vendors import parameters_on
from payments.vendors.answers import ProofNews

LEASE_SECONDS: Final = 180
# A vendor that could not say is not asked the same again before.
_ASK_AGAIN: Final = timedelta(hours=24)
SAME_ACCOUNT_SECONDS: Final = 3
_ACCOUNTS: Final = AmongQuery(
    lambda keys: BankAccount.objects.filter(pk__among=keys).values_list(
        "pk", "customer_id", "customer__full_name", "holder_name", "account_number", "account_index", "ifsc"
    )
)
SAME_ACCOUNT: Final = "The account is being proven for another request"


@dataclass(slots=True, kw_only=True)
class Item:
    """An account in hand: what to ask a vendor, or which open question to look for.

    `account` is the account as vendors know it, by its index and IFSC.
    """

    job_id: int
    bank_account_id: int
    customer_name: str
    holder_name: str
    account_number: str
    account: tuple[str, str]
    looks: int
    tried: set[tuple[int, str]] = field(default_factory=set)
    open_check: PayeeCheck | None = None
    since: float = 0.0
    not_before: float = 0.0
    tries: int = 0

    @property
    def ifsc(self) -> str:
        """The branch of the account."""
        return self.account[1]

    @property
    def is_upi(self) -> bool:
        """Whether it is a UPI address."""
        return self.ifsc == UPI_BRANCH


@dataclass(frozen=True, slots=True)
class _Job:
    pk: int
    bank_account_id: int
    looks: int


@dataclass(frozen=True, slots=True)
class _Account:
    pk: int
    customer_id: int
    customer_name: str
    holder_name: str
    account_number: str
    key: tuple[str, str]


@dataclass(frozen=True, slots=True)
class PutOff:
    """A job that is due again after some seconds, and why."""

    job_id: int
    seconds: float
    problem: str
    looks: int = 0


def jobs_claim(*, limit: int, today: date) -> list[Item]:
    """Take accounts that are due, the most urgent first, for the time of a lease; and settle what is known already.

    What was proven for another customer is taken over, with the name compared anew; nobody is asked for it.

    Args:
        limit: how many jobs at most.
        today: the business date that decides which proofs still count.

    Returns:
        The accounts that somebody has to be asked about, each account once.
    """
    jobs = run_in_transaction(lambda: _lease(limit))
    if not jobs:
        return []
    accounts = _accounts([job.bank_account_id for job in jobs])
    known = _known_checks({account.key[0] for account in accounts.values()}, today)
    items: dict[tuple[str, str], Item] = {}
    ended: list[Ended] = []
    taken_over: list[tuple[_Account, PayeeCheck]] = []
    later: list[PutOff] = []
    for job in jobs:
        account = accounts[job.bank_account_id]
        checks = checks_counting(checks=known.get(account.key, []))
        if final := _final(checks, account):
            ended.append(Ended(final.bank_account_id, account.key, final.state == CheckState.INVALID))
        elif proven := next((check for check in checks if check.state == CheckState.VALID), None):
            taken_over.append((account, proven))
        elif account.key in items:
            later.append(PutOff(job.pk, SAME_ACCOUNT_SECONDS, SAME_ACCOUNT))
        else:
            items[account.key] = _item(job, account, checks)
    if taken_over:
        _take_over(taken_over, today)
        ended += [Ended(account.pk, account.key, False) for account, _ in taken_over]
    jobs_end(ended=ended)
    jobs_put_off(put_off=later)
    return list(items.values())


def jobs_put_off(*, put_off: Iterable[PutOff]) -> None:
    """Let jobs become due again later; an ended one stays ended."""
    wanted = {entry.job_id: entry for entry in put_off}
    if not wanted:
        return

    def write() -> None:
        now = database_now()
        jobs = list(ProofJob.objects.filter(pk__in=wanted, done_at__isnull=True).order_by("pk"))
        for job in jobs:
            entry = wanted[job.pk]
            job.run_at = now + timedelta(seconds=entry.seconds)
            job.lease_until, job.problem, job.looks = None, entry.problem[:160], entry.looks
        ProofJob.objects.bulk_update(jobs, ["run_at", "lease_until", "problem", "looks"])

    run_in_transaction(write)


def _lease(limit: int) -> list[_Job]:
    now = database_now()
    due = jobs_for_update().filter(done_at__isnull=True, run_at__lte=now)
    jobs = [_Job(*row) for row in due.values_list("pk", "bank_account_id", "looks")[:limit]]
    if jobs:
        # Due again when the lease ends: a worker that died loses nothing.
        until = now + timedelta(seconds=LEASE_SECONDS)
        ProofJob.objects.filter(pk__among={job.pk for job in jobs}).update(lease_until=until, run_at=until)
    return jobs


def _accounts(account_ids: Iterable[int]) -> dict[int, _Account]:
    return {row[0]: _Account(*row[:5], row[5:]) for row in _ACCOUNTS.rows(set(account_ids))}


def _known_checks(indexes: set[str], today: date) -> dict[tuple[str, str], list[PayeeCheck]]:
    """Return what was asked about accounts and still counts, the newest first."""
    recent = Q(state=CheckState.WAITING) | Q(valid_until__gte=today)
    recent |= Q(state=CheckState.UNPROVEN, asked_at__gt=database_now() - _ASK_AGAIN)
    found = set(PayeeCheck.objects.filter(recent, account_index__among=indexes).values_list("pk", flat=True))
    known: dict[tuple[str, str], list[PayeeCheck]] = {}
    # Mostly there are none, and whole rows are dear to ask for.
    checks = PayeeCheck.objects.filter(pk__among=found) if found else PayeeCheck.objects.none()
    for check in checks.select_related("vendor", "bank_account").order_by("-pk"):
        known.setdefault((check.account_index, check.ifsc), []).append(check)
    return known


def _final(checks: Sequence[PayeeCheck], account: _Account) -> PayeeCheck | None:
    """Return the check that decides for this customer: a refusal of anybody's, or a proof of their own."""
    for check in checks:
        is_own = check.bank_account.customer_id == account.customer_id
        if check.state == CheckState.INVALID or (check.state == CheckState.VALID and is_own):
            return check
    return None


def _item(job: _Job, account: _Account, checks: Sequence[PayeeCheck]) -> Item:
    return Item(
        job_id=job.pk,
        bank_account_id=account.pk,
        customer_name=account.customer_name,
        holder_name=account.holder_name,
        account_number=account.account_number,
        account=account.key,
        looks=job.looks,
        tried={(check.vendor_id or 0, check.operation) for check in checks if check.state == CheckState.UNPROVEN},
        open_check=next((check for check in checks if check.state == CheckState.WAITING and check.vendor_id), None),
    )


def _take_over(taken_over: Sequence[tuple[_Account, PayeeCheck]], today: date) -> None:
    parameters, now = parameters_on(day=today), database_now()
    new = []
    for account, proven in taken_over:
        news = ProofNews(state=CheckState.VALID, holder_name=proven.holder_name)
        said = said_of(news=news, customer_name=account.customer_name, parameters=parameters)
        new.append(
            PayeeCheck(
                account_index=account.key[0],
                ifsc=account.key[1],
                bank_account_id=account.pk,
                vendor_id=proven.vendor_id,
                operation=proven.operation,
                our_reference=str(ULID()),
                taken_from=proven,
                asked_at=now,
                state=CheckState.VALID,
                # The account was proven then, not now.
                answered_at=proven.answered_at,
                valid_until=proven.valid_until,
                **asdict(said),
            )
        )
    run_in_transaction(lambda: PayeeCheck.objects.bulk_create(new))
