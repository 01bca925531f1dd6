"""An installation of its own: database, broker, vendors, and processes of workers that may die."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.databases import migrated_database
from tests.project_process import ProjectProcess
from tests.simulators.process import Simulators
from tests.tallying import Books

HURRY = 30
REPORT = """
import json
from collections import Counter
from core.models import InboxMessage, OutboxEvent, Saga
from ledger.models import Account
from payments.models import PaymentRefund, Payout, ProviderAttempt
from tests.factories.payments import balance_of
live = Saga.objects.exclude(state__in=("DONE", "COMPENSATED", "MANUAL")).exclude(kind="payments.watch")
print(json.dumps({
    "open": live.count() + OutboxEvent.objects.count(),
    "payouts": Counter(Payout.objects.values_list("state", flat=True)),
    "sagas": Counter(Saga.objects.exclude(kind="payments.watch").values_list("state", flat=True)),
    "refunds": Counter(PaymentRefund.objects.values_list("state", flat=True)),
    "attempts": [
        [a.our_reference, a.state, a.amount_paise, a.operation]
        for a in ProviderAttempt.objects.all()
    ],
    "sent": {a.code: balance_of(a.code) for a in Account.objects.filter(code__startswith="1060.")},
    "float": {a.code: balance_of(a.code) for a in Account.objects.filter(code__startswith="1050.")},
}))
"""
# Who has climbed the ladder of looks does not keep the test waiting; what is watched for days is left alone.
NUDGE = """
from datetime import timedelta
from core.clock import database_now
from core.models import SagaStep
now = database_now()
late = SagaStep.objects.filter(state__in=("PENDING", "COMP_PENDING"), run_at__gt=now + timedelta(seconds={seconds}))
due = list(late.exclude(saga__kind="payments.watch").values_list("pk", flat=True))
# By key and only what still waits: a worker who has begun is left alone, and nobody locks in another order.
for pk in due:
    SagaStep.objects.filter(pk=pk, state__in=("PENDING", "COMP_PENDING")).update(run_at=now)
"""
BOOKS = """
import json
from dataclasses import asdict
from tests.tallying import books_here
print(json.dumps(asdict(books_here())))
"""


class Installation(ProjectProcess):
    """A migrated database on which processes of workers run and die."""

    def report(self) -> dict[str, Any]:
        """Tell what became of everything."""
        found: dict[str, Any] = json.loads(self.python(REPORT))
        return found

    def books(self) -> Books:
        """Tell what the staff's command says of the books, and what is left on clearing accounts."""
        return Books(**json.loads(self.python(BOOKS)))

    @contextmanager
    def working(self, *, threads: int = 2) -> Iterator[None]:
        """Let workers run for as long as this goes on."""
        process = self.work(threads=threads)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)

    def work_to_the_end(self, *, seconds: float = 120, threads: int = 2, longest_pause: float = 60) -> dict[str, Any]:
        """Let workers run until nothing is open, cutting pauses that are too long; tell what became of everything."""
        deadline = time.monotonic() + seconds
        with self.working(threads=threads):
            while (report := self.report())["open"]:
                assert time.monotonic() < deadline, report
                self.python(NUDGE.format(seconds=longest_pause))
        return report


@contextmanager
def installed(*, folder: Path, broker_url: str, blocker: Any) -> Iterator[Installation]:
    """Make an installation with a lender's chart, parameters and business date, and take its database away again."""
    with migrated_database(folder=folder, name="guarantees", blocker=blocker) as url:
        chosen = {
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "DATABASE_URL": url,
            "REDIS_URL": broker_url,
            "VAR_DIR": str(folder),
            "HURRY": str(HURRY),
        }
        installation = Installation(environment={**os.environ, **chosen})
        installation.manage("init_kist", "--business-date", "2026-01-01")
        try:
            yield installation
        finally:
            installation.close()


def agree(report: dict[str, Any], simulators: Simulators) -> None:
    """Books and bank agree, attempt by attempt and in the sum, and nobody was paid twice."""
    summary = simulators.summary()
    assert summary["paid_more_than_once"] == []
    assert set(report["sent"].values()) == {0}, report["sent"]
    out = 0
    for reference, state, amount, operation in report["attempts"]:
        truth = simulators.truth(reference)
        given_back = sum(entry["paise"] for entry in truth["entries"] if entry["what"] == "REFUND")
        net = given_back if operation == "REFUND" else truth["net_out_paise"]
        assert net == (amount if state == "PROCESSED" else 0), (reference, state, net)
        out += truth["net_out_paise"]
    assert sum(report["float"].values()) == simulators_float() - out


def simulators_float() -> int:
    """Return what was put at the vendors: see `LENDER`."""
    return 2 * 10_00_00_000_00


LENDER = """
from tests.factories.payments import make_parameters, make_vendor
from tests.factories.lms import make_version
from core.reasons.services import reason_codes_seed
from payments.models import PaymentParameters
PaymentParameters.objects.exists() or make_parameters()
for code in ("razorpay", "cashfree"):
    make_vendor(address="{address}", code=code, float_paise=10_00_00_000_00, answer_seconds=2)
make_version()
"""
ASK = """
from lms.models import ProductVersion
from tests.factories.lms import make_customer, make_sanctioned_loan
from tests.factories.payments import ask_payout, make_account, make_proof, own_branch
import uuid
for number in range({count}):
    customer = make_customer(full_name="Asha Verma", phone="9" + str(uuid.uuid4().int)[:9])
    version = ProductVersion.objects.first()
    loan = make_sanctioned_loan(customer=customer, version=version, idempotency_key=uuid.uuid4().hex)
    account = make_account(customer=customer, number={accounts}[number % len({accounts})], ifsc=own_branch())
    make_proof(account=account, our_reference=uuid.uuid4().hex[:26])
    ask_payout(loan=loan, account=account, idempotency_key=uuid.uuid4().hex)
"""
ASK_REFUNDS = """
import uuid
import httpx
from datetime import date
from core.business_date import business_date
from lms.models import ProductVersion
from lms.services.loans import loan_disburse
from payments.models import IncomingPayment
from payments.services.links import LinkRequest, link_request
from payments.services.refunds import refund_request
from tests.factories.lms import make_customer, make_sanctioned_loan
from tests.factories.payments import run_sagas
links = []
for number in range({count}):
    customer = make_customer(full_name="Asha Verma", phone="9" + str(uuid.uuid4().int)[:9])
    version = ProductVersion.objects.first()
    loan = make_sanctioned_loan(customer=customer, version=version, idempotency_key=uuid.uuid4().hex)
    key = uuid.uuid4().hex
    amount, today = loan.principal_paise, business_date()
    loan_disburse(loan_id=loan.pk, amount_paise=amount, value_date=today, reference=key, idempotency_key=key)
    request = LinkRequest(loan_id=loan.pk, amount_paise=5_000_00, idempotency_key=uuid.uuid4().hex)
    links.append(link_request(request=request))
run_sagas(rounds=3)
for link in links:
    link.refresh_from_db()
    httpx.post("{address}/_sim/pay", json={{"ask": link.vendor_reference, "method": "card"}}).raise_for_status()
run_sagas(rounds=3)
payments = IncomingPayment.objects.filter(state="APPLIED", loan__in=[link.loan_id for link in links])
assert payments.count() == len(links), IncomingPayment.objects.values_list("state", "problem")
for payment in payments:
    refund_request(payment_id=payment.pk, reason="Paid twice")
"""
GOOD, CLOSED = "026291800001191", "026291800001190"


def lender(installation: Installation, simulators: Simulators) -> None:
    """Give the installation vendors with money, and a product."""
    installation.python(LENDER.format(address=simulators.address))


def ask(installation: Installation, *, count: int, accounts: tuple[str, ...] = (GOOD,)) -> None:
    """Ask for payouts on new loans of new borrowers."""
    installation.python(ASK.format(count=count, accounts=list(accounts)))


def ask_refunds(installation: Installation, simulators: Simulators, *, count: int) -> None:
    """Let borrowers pay by link, and ask for their payments to be given back."""
    installation.python(ASK_REFUNDS.format(count=count, address=simulators.address))
