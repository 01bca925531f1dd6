"""Accounts are proven by asking vendors: the cheapest first, once for money, whatever they answer."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import Count
from django.utils import timezone

from core.failpoints import FailpointReached
from customers.models import BankAccount
from payments.models import (
    CheckState,
    NameBand,
    NameDegree,
    Operation,
    PaidCheck,
    PayeeCheck,
    PaymentParameters,
    ProofJob,
    Vendor,
    VendorRoute,
)
from payments.proving.asking import Question, questions_open
from payments.proving.jobs import jobs_claim
from payments.proving.prover import Prover
from payments.services.payees import check_answered, proof_of, proof_request
from payments.vendors.answers import ProofNews
from tests.factories.lms import make_customer, set_business_date
from tests.factories.payments import make_account, make_parameters, make_vendor
from tests.simulators.process import Simulators

pytestmark = pytest.mark.django_db
TODAY = date(2026, 1, 1)
IFSC = "YESB0000262"


@pytest.fixture(autouse=True)
def thresholds() -> PaymentParameters:
    set_business_date(TODAY)
    return make_parameters()


@pytest.fixture
def vendors(simulators: Simulators) -> dict[str, Vendor]:
    """A free look-up, a check for a rupee, and a dearer one."""
    made = {}
    for code, operation, cost in (
        ("lookup", Operation.NAME_LOOKUP, 0),
        ("cashfree", Operation.PENNILESS, 1_00),
        ("razorpay", Operation.PENNY_DROP, 2_00),
    ):
        made[code] = make_vendor(address=simulators.address, code=code, float_paise=0)
        VendorRoute.objects.create(
            vendor=made[code], operation=operation, cost_paise=cost, most_paise=10**9, valid_from=date(2020, 1, 1)
        )
    return made


@pytest.fixture
def only_razorpay(vendors: dict[str, Vendor]) -> Vendor:
    VendorRoute.objects.filter(operation__in=(Operation.NAME_LOOKUP, Operation.PENNILESS)).delete()
    return vendors["razorpay"]


def account_of(name: str, *, number: str = "50100012345678") -> BankAccount:
    return make_account(customer=make_customer(full_name=name), number=number, ifsc=IFSC)


def prove(*, seconds: float = 20) -> Prover:
    """Let the consumer work until nothing is due."""
    prover = Prover(round_seconds=0.02)
    prover.drain(seconds=seconds)
    return prover


def due_now() -> None:
    ProofJob.objects.filter(done_at__isnull=True).update(run_at=timezone.now() - timedelta(seconds=1))


def asked(simulators: Simulators, what: str = "validation") -> int:
    return sum(1 for row in simulators.log("request") if row["what"] == what)


def test_free_look_up_that_knows_the_name_proves_the_account_and_nobody_is_paid(
    vendors: dict[str, Vendor], simulators: Simulators
) -> None:
    account = account_of("Asha Verma")
    simulators.set("account", account=account.account_number, ifsc=IFSC, name="SMT ASHA VERMA")
    job = proof_request(bank_account=account)

    prove()

    job.refresh_from_db()
    check = PayeeCheck.objects.get()
    assert (check.operation, check.state, check.band) == (Operation.NAME_LOOKUP, CheckState.VALID, NameBand.PASS)
    assert (check.score, check.strict_score, check.degree) == (100, 100, NameDegree.COMPLETE)
    assert job.done_at is not None
    assert proof_of(bank_account=account, today=TODAY).is_proven
    assert asked(simulators) == 0
    assert not PaidCheck.objects.exists()


def test_look_up_without_a_name_proves_nothing_and_the_cheapest_paid_check_follows(
    vendors: dict[str, Vendor], simulators: Simulators
) -> None:
    account = account_of("Asha Verma")
    proof_request(bank_account=account)

    prove()

    states = list(PayeeCheck.objects.order_by("pk").values_list("operation", "state"))
    assert states == [(Operation.NAME_LOOKUP, CheckState.UNPROVEN), (Operation.PENNILESS, CheckState.VALID)]
    assert (asked(simulators), asked(simulators, "name look-up")) == (1, 1)
    right = PaidCheck.objects.get()
    assert right.taken_until == TODAY + timedelta(days=90)
    assert proof_of(bank_account=account, today=TODAY + timedelta(days=90)).is_proven
    assert not proof_of(bank_account=account, today=TODAY + timedelta(days=91)).is_proven


def test_account_known_from_another_customer_is_not_asked_for_and_the_name_is_compared_anew(
    vendors: dict[str, Vendor], simulators: Simulators
) -> None:
    first = account_of("Asha Verma")
    proof_request(bank_account=first)
    prove()
    other = account_of("Sunil Patil")
    proof_request(bank_account=other)

    prove()

    assert asked(simulators) == 1
    taken = PayeeCheck.objects.get(bank_account=other)
    assert (taken.state, taken.band, taken.holder_name) == (CheckState.VALID, NameBand.REJECT, "Asha Verma")
    assert taken.taken_from is not None
    assert proof_of(bank_account=other, today=TODAY).problem == "the account is somebody else's"
    assert proof_of(bank_account=first, today=TODAY).is_proven
    assert not ProofJob.objects.filter(done_at__isnull=True).exists()


def test_account_that_the_bank_does_not_know_is_refused_for_all_who_have_it(
    only_razorpay: Vendor, simulators: Simulators
) -> None:
    first, other = (account_of(name, number="026291800001190") for name in ("Asha Verma", "Sunil Patil"))
    proof_request(bank_account=first)
    proof_request(bank_account=other)

    prove()

    assert asked(simulators) == 1
    assert [proof_of(bank_account=a, today=TODAY).problem for a in (first, other)] == ["INVALID_BANK_ACCOUNT"] * 2
    assert not ProofJob.objects.filter(done_at__isnull=True).exists()


def test_look_alike_is_for_a_person_to_decide(only_razorpay: Vendor, simulators: Simulators) -> None:
    account = account_of("Anita Kumari")
    simulators.set("account", account=account.account_number, ifsc=IFSC, name="ANKITA KUMARI")
    proof_request(bank_account=account)

    prove()

    proof = proof_of(bank_account=account, today=TODAY)
    assert (proof.is_in_review, proof.is_proven, proof.is_refused) == (True, False, False)


@pytest.mark.guarantee("G6")
@pytest.mark.parametrize("fault", ["lost_answer", "error_after"])
def test_paid_check_without_an_answer_is_looked_for_and_never_paid_again(
    only_razorpay: Vendor, simulators: Simulators, fault: str
) -> None:
    account = account_of("Asha Verma")
    simulators.set("fault", vendor="razorpay", fault=fault)
    proof_request(bank_account=account)
    prove()
    assert PayeeCheck.objects.get().state == CheckState.WAITING
    due_now()

    prove()

    assert PayeeCheck.objects.get().state == CheckState.VALID
    assert (asked(simulators), asked(simulators, "validation look-up")) == (1, 1)


def test_paid_check_that_never_arrived_is_paid_for_again_only_when_it_cannot_arrive_any_more(
    only_razorpay: Vendor, simulators: Simulators
) -> None:
    account = account_of("Asha Verma")
    simulators.set("fault", vendor="razorpay", fault="lost_request")
    proof_request(bank_account=account)
    prove()
    due_now()
    prove()
    assert asked(simulators) == 1
    PayeeCheck.objects.update(asked_at=timezone.now() - timedelta(minutes=31))
    due_now()

    prove()

    assert [check.state for check in PayeeCheck.objects.order_by("pk")] == [CheckState.DROPPED, CheckState.VALID]
    assert PaidCheck.objects.get().check_made == PayeeCheck.objects.latest("pk")


def test_check_that_the_vendor_is_still_making_is_looked_for_until_it_tells(
    only_razorpay: Vendor, simulators: Simulators
) -> None:
    account = account_of("Asha Verma", number="007711000031")
    job = proof_request(bank_account=account)
    prove()
    due_now()
    prove()
    job.refresh_from_db()
    check = PayeeCheck.objects.get()
    assert (check.state, job.looks, job.done_at) == (CheckState.WAITING, 2, None)
    assert check.vendor_reference.startswith("fav_")

    news = ProofNews(state=CheckState.VALID, holder_name="Asha Verma", utr="404223241811")
    check_answered(check_id=check.pk, news=news, today=TODAY)

    job.refresh_from_db()
    assert job.done_at is not None
    assert proof_of(bank_account=account, today=TODAY).is_proven
    assert asked(simulators) == 1


@pytest.mark.guarantee("G11")
@pytest.mark.parametrize("place", ["proof.after_intent_commit", "proof.after_call"])
def test_worker_that_dies_loses_nothing_and_the_next_one_pays_nothing_again(
    only_razorpay: Vendor, simulators: Simulators, settings: Any, place: str
) -> None:
    accounts = [account_of("Asha Verma", number=f"5010001234{number:04d}") for number in range(5)]
    for account in accounts:
        proof_request(bank_account=account)
    settings.FAILPOINT = f"{place}:raise"
    with pytest.raises(FailpointReached):
        prove()
    settings.FAILPOINT = ""
    # What was not sent is known not to have arrived only after its time.
    PayeeCheck.objects.update(asked_at=timezone.now() - timedelta(minutes=31))
    due_now()

    prove()

    assert all(proof_of(bank_account=account, today=TODAY).is_proven for account in accounts)
    assert asked(simulators) == 5
    assert not ProofJob.objects.filter(done_at__isnull=True).exists()


def test_account_that_somebody_pays_for_just_now_is_not_paid_for_by_a_second_worker(
    only_razorpay: Vendor, simulators: Simulators
) -> None:
    account = account_of("Asha Verma")
    job = proof_request(bank_account=account)
    item = jobs_claim(limit=10, today=TODAY)[0]
    question = Question(item, only_razorpay.routes.get(operation=Operation.PENNY_DROP))

    first = questions_open(questions=[question], today=TODAY)
    second = questions_open(questions=[question], today=TODAY)

    assert [call.job_id for call in first.calls] == [job.pk]
    assert (second.calls, second.being_proven, second.paid_in_vain) == ([], [item], [])
    assert PayeeCheck.objects.count() == 1


@pytest.mark.guarantee("G16")
def test_many_accounts_at_once_break_no_contract(only_razorpay: Vendor, simulators: Simulators) -> None:
    simulators.set("config", razorpay={"calls_per_second": 40})
    Vendor.objects.filter(pk=only_razorpay.pk).update(calls_per_second=40)
    simulators.set("scenario", latency_median=1.3, latency_spread=0.01, settle_seconds=0)
    for number in range(100):
        proof_request(bank_account=account_of("Asha Verma", number=f"5010001234{number:04d}"))

    prover = prove()

    summary = simulators.summary()
    simulators.set("config", razorpay={"calls_per_second": 0})
    assert summary["violation_count"] == 0
    assert asked(simulators) == 100
    assert prover.decided == 100
    assert prover.sender.hall.in_flight_peak in range(36, 60)


def test_vendors_that_cost_and_rank_the_same_share_the_accounts_as_their_contracts_allow(
    vendors: dict[str, Vendor], simulators: Simulators
) -> None:
    Vendor.objects.filter(code="razorpay").update(calls_per_second=40)
    Vendor.objects.filter(code="cashfree").update(calls_per_second=20)
    VendorRoute.objects.filter(operation=Operation.NAME_LOOKUP).delete()
    VendorRoute.objects.update(cost_paise=1_00)
    for number in range(30):
        proof_request(bank_account=account_of("Asha Verma", number=f"5010001234{number:04d}"))

    prove()

    by_vendor = PayeeCheck.objects.values_list("vendor__code").annotate(count=Count("pk")).order_by("vendor__code")
    assert list(by_vendor) == [("cashfree", 10), ("razorpay", 20)]


def test_vendor_of_a_better_rank_is_asked_first_though_another_costs_the_same(
    vendors: dict[str, Vendor], simulators: Simulators
) -> None:
    VendorRoute.objects.filter(operation=Operation.NAME_LOOKUP).delete()
    VendorRoute.objects.update(cost_paise=1_00)
    VendorRoute.objects.filter(vendor=vendors["razorpay"]).update(rank=5)
    for number in range(4):
        proof_request(bank_account=account_of("Asha Verma", number=f"5010001234{number:04d}"))

    prove()

    assert set(PayeeCheck.objects.values_list("vendor__code", flat=True)) == {"razorpay"}


@pytest.mark.guarantee("G16")
def test_vendor_that_is_down_is_left_alone_and_another_one_asked(
    vendors: dict[str, Vendor], simulators: Simulators
) -> None:
    simulators.set("down", vendor="lookup", is_down=True)
    accounts = [account_of("Asha Verma", number=f"5010001234{number:04d}") for number in range(12)]
    for account in accounts:
        proof_request(bank_account=account)

    prove()

    simulators.set("down", vendor="lookup", is_down=False)
    assert all(proof_of(bank_account=account, today=TODAY).is_proven for account in accounts)
    assert asked(simulators) == 12


def test_refused_credentials_say_nothing_about_an_account(only_razorpay: Vendor, simulators: Simulators) -> None:
    Vendor.objects.filter(pk=only_razorpay.pk).update(key_id="wrong")
    account = account_of("Asha Verma")
    job = proof_request(bank_account=account)

    prove(seconds=2)

    job.refresh_from_db()
    assert set(PayeeCheck.objects.values_list("state", flat=True)) == {CheckState.DROPPED}
    assert PaidCheck.objects.get().taken_until is None
    assert not proof_of(bank_account=account, today=TODAY).is_refused
    assert job.done_at is None
