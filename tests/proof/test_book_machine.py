"""Random lives of a whole lender: whatever staff do in whatever order, every proof holds afterwards."""

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from core.reasons.services import reason_codes_seed
from ledger.services import chart_seed
from lms.acts import ACT_BY_SLUG
from lms.engine.provisions import Layer
from lms.services.provisions.seeding import provision_seed
from tests.factories.approvals import make_head
from tests.factories.gst import register
from tests.factories.lines import make_line_version
from tests.factories.lms import PERSONAL_LOAN_TERMS, make_product, make_version, set_business_date
from tests.proof.act_inputs import INPUTS
from tests.proof.book_machine import LENT, BookMachine

pytestmark = pytest.mark.django_db

TERMS = (
    PERSONAL_LOAN_TERMS,
    {**PERSONAL_LOAN_TERMS, "penal_plan": {"method": "PER_DAY", "annual_rate_pct": "24"}},
    {**PERSONAL_LOAN_TERMS, "early_payment": "PAY_AT_ONCE"},
)


@pytest.fixture
def machine() -> type[BookMachine]:
    """Return the machine over the books of 1 January 2026: three products, lines, provisions, two persons."""
    chart_seed()
    provision_seed(layer=Layer.MIDDLE)
    reason_codes_seed()
    set_business_date(LENT)
    product = make_product()
    register("TN")
    BookMachine.versions = tuple(make_version(product=product, terms=terms) for terms in TERMS)
    BookMachine.line_version = make_line_version()
    BookMachine.maker = User.objects.create_user("maker", is_staff=True, is_superuser=True)
    BookMachine.head = make_head()
    return BookMachine


def test_every_act_of_the_registry_is_tried() -> None:
    assert INPUTS.keys() == ACT_BY_SLUG.keys()


def live(machine: type[BookMachine], *, examples: int, steps: int, derandomize: bool) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=derandomize,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_book_is_proved_after_random_lives(machine: type[BookMachine]) -> None:
    live(machine, examples=8, steps=20, derandomize=True)


@pytest.mark.long
def test_book_is_proved_after_many_random_lives(machine: type[BookMachine]) -> None:
    live(machine, examples=100, steps=50, derandomize=False)
