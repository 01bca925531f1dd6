"""The examples of the guide to the API work as they are written."""

import re
import shlex
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from core.reasons.services import reason_codes_seed
from core.tokens.services import token_issue
from tests.factories.book import receive
from tests.factories.lms import make_loan, set_business_date
from tests.factories.payments import make_parameters, make_vendor
from tests.factories.staff import make_staff

GUIDE = Path(settings.BASE_DIR) / "docs" / "api.md"
EXAMPLES = re.findall(r"^# (\d{3})\n(curl .+)$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.django_db
def test_examples_are_answered_as_the_guide_says() -> None:
    set_business_date(date(2026, 3, 10))
    reason_codes_seed()
    make_parameters()
    loan = make_loan()
    make_vendor(address="http://127.0.0.1:9")
    receive(loan, 5_000_00, date(2026, 2, 1))
    operator = make_staff("operations")
    token = token_issue(owner=operator, actor=operator, name="Guide", days=1).text
    numbers = {"$LOAN": loan.number, "L00000001": loan.number, "$CUSTOMER": loan.customer.number}
    values = {"$KIST": "", "$TOKEN": token, **numbers}

    answers = [(expected, command, _run(command, values)) for expected, command in EXAMPLES]

    assert len(answers) == 23
    assert [(command, status) for expected, command, status in answers if str(status) != expected] == []


def _run(command: str, values: dict[str, str]) -> int:
    """Send what a curl command would send; return the status of the answer."""
    for name, value in values.items():
        command = command.replace(name, value)
    _, address, *options = shlex.split(command)
    pairs = list(zip(options[::2], options[1::2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in pairs if option == "-H")
    bodies = [value for option, value in pairs if option == "-d"]
    client = Client(headers=headers)
    if not bodies:
        return client.get(address).status_code
    return client.post(address, bodies[0], content_type="application/json").status_code
