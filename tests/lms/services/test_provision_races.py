"""Two persons at the month-end at once: each loan is worked out once, each difference is posted once."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from ledger.services import chart_seed
from lms.engine.provisions import Layer
from lms.models import Loan, ProvisionPosting, ProvisionResult, ProvisionRun
from lms.services.provisions.posting import provision_run_post
from lms.services.provisions.runs import provision_run_compute, provision_run_create
from lms.services.provisions.seeding import provision_seed
from lms.services.verification import control_accounts_verify
from tests.callers import at_once
from tests.factories.book import balances
from tests.factories.lms import make_customer, make_loan, make_version, set_business_date

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

MAY = date(2026, 5, 31)


@pytest.fixture(autouse=True)
def _loans(transactional_db: None) -> list[Loan]:
    """Four borrowers who owe 1,20,000 without interest, first due in December; the books stand on 1 June."""
    chart_seed()
    provision_seed(layer=Layer.MIDDLE)
    set_business_date(date(2026, 1, 1))
    version = make_version(terms={})
    loans = [
        make_loan(
            version=version,
            customer=make_customer(),
            annual_rate_pct=Decimal(0),
            first_due_date=date(2026, 12, 1),
        )
        for _ in range(4)
    ]
    set_business_date(date(2026, 6, 1))
    return loans


def codes_of(*calls: Callable[[], object]) -> list[str]:
    """Run calls at once; return the code of each refusal, "" where there was none."""
    return [result if isinstance(result, str) else "" for result in at_once(*calls)]


def test_two_workers_work_each_loan_out_once() -> None:
    run = provision_run_create(month_end=MAY)
    compute = [lambda: provision_run_compute(run_id=run.pk, chunk_customers=1)] * 2

    codes = codes_of(*compute)
    done = provision_run_compute(run_id=run.pk)

    assert set(codes) <= {"", "lms.provision_run_taken"}
    assert (done.state, done.loans_done, ProvisionResult.objects.filter(run=run).count()) == ("COMPUTED", 4, 4)


def test_two_starts_make_one_run() -> None:
    codes = codes_of(*[lambda: provision_run_create(month_end=MAY)] * 2)

    assert codes == ["", ""]
    assert ProvisionRun.objects.count() == 1


def test_two_postings_at_once_post_the_difference_once() -> None:
    run = provision_run_compute(run_id=provision_run_create(month_end=MAY).pk)
    post = [lambda: provision_run_post(run_id=run.pk, reason="Month-end")] * 4

    codes = codes_of(*post)

    assert codes == [""] * 4
    assert ProvisionPosting.objects.count() == 1
    assert balances()["PERFORMING_PROVISION"] == -4 * 480_00
    assert [str(difference) for difference in control_accounts_verify()[1]] == []
