"""G2: a request with a key happens once, whoever repeats it, at the same moment, after a crash or after a month."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.guarantees.installation import Installation
from tests.guarantees.served import Call, Reply, Site, serving
from tests.tallying import Tally, Times

pytestmark = [pytest.mark.broker, pytest.mark.processes, pytest.mark.mariadb, pytest.mark.guarantee("G2")]
CALLERS = 100
OPEN = """
import json
from datetime import date
from core.reasons.services import reason_codes_seed
from core.tokens.services import token_issue
from tests.factories.lms import make_loan, set_business_date
from tests.factories.staff import make_staff
from django.contrib.auth.models import User
set_business_date(date(2026, 1, 1))
loan = make_loan()
set_business_date(date(2026, 3, 10))
reason_codes_seed()
staff = make_staff("operations")
boss = User.objects.create_superuser("boss", password=None)
User.objects.filter(pk=staff.pk).update(password="!")
staff.refresh_from_db()
print(json.dumps({"loan": loan.number, "token": token_issue(owner=staff, name="test", days=1, actor=boss).text}))
"""
BOOKED = """
import json
from collections import Counter
from core.models import IdempotencyKey
from ledger.models import Journal
from lms.models import LoanFact
facts = LoanFact.objects.filter(kind="RECEIVE")
print(json.dumps([
    Counter(facts.values_list("reference", flat=True)),
    Journal.objects.filter(reference_type="lms.loan").count(),
    IdempotencyKey.objects.count(),
]))
"""
EXPIRE = """
from datetime import timedelta
from django.utils import timezone
from core.idempotency.services import requests_expire
print(requests_expire(now=timezone.now() + timedelta(days=31)))
"""


@pytest.fixture(scope="module")
def opened(installation: Installation) -> dict[str, str]:
    found: dict[str, str] = json.loads(installation.python(OPEN))
    return found


@pytest.fixture(scope="module")
def site(installation: Installation) -> Iterator[Site]:
    with serving(installation) as site:
        yield site


def receipt(opened: dict[str, str], reference: str, *, amount_paise: int = 10_00) -> Call:
    """Return a request that posts a receipt under a key of its own."""
    body = {
        "amount_paise": amount_paise,
        "value_date": "2026-03-10",
        "reference": reference,
        "reason": "Asked for by letter",
        "reason_code": "BORROWER_ASKED",
    }
    headers = {"Authorization": f"Bearer {opened['token']}", "Idempotency-Key": f"key-{reference}"}
    return Call(f"/api/v1/loans/{opened['loan']}/acts/receipt/", json.dumps(body).encode(), headers)


def booked(installation: Installation) -> tuple[dict[str, int], int, int]:
    """Return receipts by reference, journals and kept keys."""
    facts, journals, keys = json.loads(installation.python(BOOKED))
    return facts, journals, keys


def problems(replies: list[Reply]) -> list[str]:
    """Return what is wrong with the answers to identical requests."""
    counted = Counter(reply.status for reply in replies)
    done = [reply for reply in replies if reply.status == 201]
    found = [f"{count} answers {status}" for status, count in counted.items() if status not in (201, 409)]
    if len({reply.text for reply in done}) != 1:
        found.append("answers differ")
    if sum(not reply.is_replay for reply in done) != 1:
        found.append(f"{sum(not reply.is_replay for reply in done)} answers of {len(done)} are the first")
    return found


def test_hundred_identical_requests_at_once_are_one_journal(
    installation: Installation, opened: dict[str, str], site: Site, tally: Tally, times: Times
) -> None:
    rounds = times(short=2, long=50)
    # The first receipt of a day also books the interest of the days before it.
    assert site.send(receipt(opened, "FIRST")).status == 201
    _, before, _ = booked(installation)
    for number in range(rounds):
        replies = site.at_once([receipt(opened, f"UTR-{number}")] * CALLERS)
        tally.expect(problems(replies) == [], f"round {number}: {problems(replies)}")

    facts, journals, _ = booked(installation)
    assert [facts[f"UTR-{number}"] for number in range(rounds)] == [1] * rounds
    assert journals == before + rounds
    # Who inserts first needs no lock before it: nobody deadlocked.
    assert "it runs again: 1213" not in site.log.read_text(errors="replace")


def test_same_key_with_another_body_is_refused_while_the_first_is_worked_on(
    installation: Installation, opened: dict[str, str], site: Site, tally: Tally, times: Times
) -> None:
    rounds = times(short=1, long=20)
    for number in range(rounds):
        first = receipt(opened, f"MIX-{number}")
        other = replace(first, body=receipt(opened, f"MIX-{number}", amount_paise=11_00).body)
        replies = site.at_once([first, other] * 25)
        statuses = {reply.status for reply in replies}
        won = [reply for reply in replies if reply.status == 201]
        tally.expect(statuses <= {201, 409, 422} and 422 in statuses, f"round {number}: {statuses}")
        tally.expect(len({reply.text for reply in won}) == 1, f"round {number}: both bodies were done")

    facts, _, _ = booked(installation)
    assert [facts[f"MIX-{number}"] for number in range(rounds)] == [1] * rounds


def test_request_is_repeated_after_the_server_died_under_it(
    installation: Installation, opened: dict[str, str], site: Site, tally: Tally, times: Times
) -> None:
    places = ("request.before_answer", "request.before_commit") if times.is_long else ("request.before_answer",)
    for number in range(times(short=1, long=10)):
        for place in places:
            call = receipt(opened, f"{place}-{number}")
            with serving(installation, failpoint=f"{place}:kill9") as dying:
                lost = dying.send(call)
                assert dying.died()
            again, once_more = site.send(call), site.send(call)
            facts, _, _ = booked(installation)
            ended = (lost.status, again.status, once_more.status, once_more.is_replay, facts[f"{place}-{number}"])
            tally.expect(ended == (0, 201, 201, True, 1), f"{place}: {ended}")
            tally.expect(again.text == once_more.text, f"{place}: the second answer differs")


def test_key_that_was_forgotten_books_nothing_twice(
    installation: Installation, opened: dict[str, str], site: Site, tally: Tally
) -> None:
    call = receipt(opened, "OLD")
    first = site.send(call)
    before = booked(installation)
    assert int(installation.python(EXPIRE)) == before[2]

    again = site.send(call)
    other = site.send(replace(call, body=receipt(opened, "OLD", amount_paise=12_00).body))

    after = booked(installation)
    tally.expect(first.status == 201 and again.status in (200, 201), f"{first.status} {again.status} {again.text}")
    tally.expect(other.status == 422, f"another body under the key: {other.status}")
    tally.expect(after[:2] == before[:2], f"{before[:2]} became {after[:2]}")
