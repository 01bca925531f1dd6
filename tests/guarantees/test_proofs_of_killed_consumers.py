"""A consumer that is killed in the middle loses no account, and the next one pays for none of them twice."""

import json
import signal
import subprocess
import sys
import uuid

import pytest

from tests.guarantees.installation import Installation
from tests.project_process import ROOT
from tests.simulators.process import Simulators

pytestmark = [pytest.mark.broker, pytest.mark.processes, pytest.mark.guarantee("G1")]
SETUP = """
from datetime import date
from payments.models import Operation, Vendor, VendorRoute
vendor = Vendor.objects.get(code="razorpay")
values = {"cost_paise": 100, "most_paise": 10**9, "valid_from": date(2020, 1, 1)}
VendorRoute.objects.get_or_create(vendor=vendor, operation=Operation.PENNY_DROP, defaults=values)
from tests.factories.lms import make_customer
from tests.factories.payments import make_account
from payments.services.payees import proof_request
for number in range(6):
    customer = make_customer(full_name="Asha Verma", phone="9" + str(uuid.uuid4().int)[:9])
    proof_request(bank_account=make_account(customer=customer, number="{prefix}%04d" % number))
"""
# What was written and not sent is known not to have arrived when its time is over; a lease ends by itself.
LATER = """
from datetime import timedelta
from django.utils import timezone
from payments.models import PayeeCheck, ProofJob
PayeeCheck.objects.filter(state="WAITING").update(asked_at=timezone.now() - timedelta(minutes=31))
ProofJob.objects.filter(done_at__isnull=True).update(run_at=timezone.now() - timedelta(seconds=1))
"""
REPORT = """
import json
from payments.models import PayeeCheck, ProofJob
print(json.dumps([
    ProofJob.objects.filter(done_at__isnull=True).count(),
    list(PayeeCheck.objects.filter(state="VALID").order_by("pk").values_list("our_reference", flat=True)),
]))
"""


def drops(world: Simulators) -> int:
    """Return how many credits of a rupee the gateway has made."""
    return sum(1 for row in world.log("entry") if row["what"] == "PENNY_DROP")


@pytest.mark.parametrize("place", ["proof.before_intent_commit", "proof.after_intent_commit", "proof.after_call"])
def test_killed_consumer_loses_nothing_and_nothing_is_paid_twice(
    installation: Installation, world: Simulators, place: str
) -> None:
    known = json.loads(installation.python(REPORT))[1]
    installation.python("import uuid\n" + SETUP.replace("{prefix}", str(uuid.uuid4().int)[:8]))
    before = drops(world)
    command = [sys.executable, "manage.py", "prove_payees", "--once", "30"]
    environment = {**installation.environment, "FAILPOINT": f"{place}:kill9"}

    died = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL
    installation.python(LATER)
    installation.manage("prove_payees", "--once", "30")

    still_open, proven = json.loads(installation.python(REPORT))
    assert (still_open, len(proven) - len(known)) == (0, 6)
    assert drops(world) - before == 6
    assert [world.truth(reference)["requests"][0]["what"] for reference in proven] == ["validation"] * len(proven)
