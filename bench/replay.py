"""Measured repeats of requests: `python -m bench.replay` beside reads of one row by its key through the same stack.

On the database of DATABASE_URL (MariaDB or MySQL); the benchmark makes one of its own and drops it. Both are requests
to the whole site as a web server calls it, with the token of a tool, permissions and answers in JSON. The read is the
least that an endpoint can do: one row by its primary key, and its columns as they are.
"""

import json
import statistics
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import bench.app  # noqa: F401  # it sets Django up, before the first model is named

# isort: split
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from bench.app import load_line, own_database
from bench.callers import rate
from bench.ledger import TODAY, loan_product_make, loans_make
from bench.stack import Asked, answered, asked
from core.api.views import KEY_HEADER, StaffView
from core.business_date import business_date_set
from core.models import IdempotencyKey
from core.roles import roles_sync
from core.tokens.services import token_issue
from ledger.services import chart_seed, periods_create
from lms.models import Loan

CALLERS: Final = 8
EACH: Final = 150
ROUNDS: Final = 5
LEAST_RATIO: Final = 0.8


class RowView(StaffView):
    """One row by its primary key."""

    permissions = ("lms.view_loan",)

    def get(self, request: Request, pk: int) -> Response:
        """Answer with the row that the benchmark reads."""
        row = IdempotencyKey.objects.get(pk=pk)
        return Response({"key": row.key, "state": row.state, "status_code": row.status_code, "body": row.body})


urlpatterns = [path("bench/<int:pk>/", RowView.as_view()), path("", include("config.urls"))]


def main() -> None:
    """Print the rate of repeats beside that of reads."""
    if connection.vendor != "mysql":
        sys.exit("Set DATABASE_URL to a MariaDB or MySQL server, such as mysql://root@127.0.0.1:3306/kist_bench.")
    settings.ROOT_URLCONF = "bench.replay"
    with own_database():
        token = _token()
        loan = _loan()
        receipts = [_receipt(loan, token, number) for number in range(CALLERS)]
        for receipt in receipts:
            answered(receipt, status="201")
        keys = IdempotencyKey.objects.order_by("pk").values_list("pk", flat=True)
        reads = [asked("GET", f"/bench/{pk}/", headers={"Authorization": f"Bearer {token}"}) for pk in keys]
        print(f"{load_line()}; {CALLERS} callers")
        ratios = []
        for _ in range(ROUNDS):
            read = _rate(partial(_send_each, reads, "200"))
            replayed = _rate(partial(_send_each, receipts, "201"))
            ratios.append(replayed / read)
            print(f"repeats {replayed:7.0f}/s   reads of a row {read:7.0f}/s   ratio {ratios[-1]:5.2f}")
        print(f"median ratio {statistics.median(ratios):.2f}   bar {LEAST_RATIO}")


def _rate(work: Callable[[int], None]) -> float:
    return rate(work, callers=CALLERS, each=EACH, warm=work)


def _send_each(requests: Sequence[Asked], status: str, place: int) -> None:
    for _ in range(EACH):
        answered(requests[place], status=status)


def _receipt(loan: Loan, token: str, number: int) -> Asked:
    body = {
        "amount_paise": 1_000_00,
        "value_date": TODAY.isoformat(),
        "reference": f"UTR-{number}",
        "reason": "Paid at the counter",
    }
    headers = {"Authorization": f"Bearer {token}", KEY_HEADER: f"bench-{number}"}
    where = f"/api/v1/loans/{loan.number}/acts/receipt/"
    return asked("POST", where, raw=json.dumps(body).encode(), headers=headers)


def _token() -> str:
    """Return the token of a program in the role of operations."""
    roles_sync()
    owner = User.objects.create_user("bench", is_staff=True)
    owner.groups.add(Group.objects.get(name="operations"))
    return token_issue(owner=owner, name="bench", days=1, actor=User.objects.create_superuser("admin")).text


def _loan() -> Loan:
    business_date_set(to=TODAY)
    chart_seed()
    periods_create(upto=TODAY)
    loan_product_make()
    return Loan.objects.get(pk=loans_make(1)[0])


if __name__ == "__main__":
    main()
