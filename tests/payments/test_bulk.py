"""Rows that are written hundreds at a time hold what they were given, whatever letters it has."""

from datetime import date

import pytest
from django.utils import timezone

from payments.bulk import AmongQuery, rows_insert, rows_overwrite
from payments.models import PayeeCheck
from tests.factories.lms import make_customer
from tests.factories.payments import make_account

pytestmark = pytest.mark.django_db
TEXTS = ["", "plain", "a_b-c+d/e=f: 1.0", "O'Brien", 'say "no"', "back\\slash", "100 %s", "two\nlines", "आशा", "'; --"]


def test_texts_numbers_dates_and_nothing_are_written_as_they_are() -> None:
    account, now, day = make_account(customer=make_customer()), timezone.now(), date(2026, 4, 10)
    columns = (
        *("account_index", "ifsc", "bank_account_id", "operation", "state", "our_reference", "reason"),
        *("holder_name", "score", "asked_at", "answered_at", "valid_until"),
    )
    first = ("ab12", "YESB0000262", account.pk, "PENNILESS", "VALID")

    rows_insert(
        model=PayeeCheck,
        columns=columns,
        rows=[(*first, f"R{n}", text, text, n, now, None, day) for n, text in enumerate(TEXTS)],
    )

    found = PayeeCheck.objects.order_by("pk").values_list(*columns[5:])
    assert list(found) == [(f"R{n}", text, text, n, now, None, day) for n, text in enumerate(TEXTS)]


def test_overwritten_rows_hold_the_new_texts_and_keep_the_others() -> None:
    account = make_account(customer=make_customer())
    columns = ("account_index", "ifsc", "bank_account_id", "our_reference", "asked_at")
    rows = [("ab12", "YESB0000262", account.pk, f"R{n}", timezone.now()) for n in range(len(TEXTS))]
    rows_insert(model=PayeeCheck, columns=columns, rows=rows)
    keys = list(PayeeCheck.objects.order_by("pk").values_list("pk", flat=True))

    rows_overwrite(
        model=PayeeCheck,
        columns=("reason", "score"),
        rows=[(pk, text, None) for pk, text in zip(keys, TEXTS, strict=True)],
    )

    found = PayeeCheck.objects.order_by("pk").values_list("our_reference", "reason", "score")
    assert list(found) == [(f"R{n}", text, None) for n, text in enumerate(TEXTS)]


@pytest.mark.parametrize("value", ["O'Brien", "back\\slash", "100 %", "आशा", 1.5], ids=repr)
def test_value_that_cannot_stand_in_a_statement_is_not_looked_for(value: object) -> None:
    with pytest.raises(ValueError, match="Only numbers, letters and digits"):
        list(PayeeCheck.objects.filter(our_reference__among={"R1", value}))


def test_query_that_is_compiled_once_finds_the_keys_of_each_run() -> None:
    account = make_account(customer=make_customer())
    columns = ("account_index", "ifsc", "bank_account_id", "our_reference", "asked_at")
    rows = [("ab12", "YESB0000262", account.pk, f"R{n}", timezone.now()) for n in range(3)]
    rows_insert(model=PayeeCheck, columns=columns, rows=rows)
    query = AmongQuery(
        lambda keys: PayeeCheck.objects.filter(our_reference__among=keys).order_by("pk").values_list("our_reference")
    )

    found = [query.rows(keys) for keys in ({"R0", "R2"}, {"R1"}, {"KEYS"}, set())]

    assert found == [[("R0",), ("R2",)], [("R1",)], [], []]
    with pytest.raises(ValueError, match="Only numbers, letters and digits"):
        query.rows({"O'Brien"})
