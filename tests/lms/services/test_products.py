"""Products and their immutable versions."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from core.errors import KistError
from ledger.models import AccountRole, ProductAccount
from lms.models import Product, ProductVersion
from lms.services.products import (
    product_create,
    product_set_active,
    product_version_current,
    product_version_publish,
    terms_for_loan,
)
from tests.factories.lms import PERSONAL_LOAN_TERMS, make_product, make_version

pytestmark = pytest.mark.django_db
LIMITS: dict[str, Any] = {
    "principal_min_paise": 1_000_00,
    "principal_max_paise": 10_00_000_00,
    "rate_min_pct": Decimal(0),
    "rate_max_pct": Decimal(48),
    "instalment_count_min": 1,
    "instalment_count_max": 120,
}


def test_product_comes_with_an_account_for_every_role() -> None:
    product = product_create(code="GOLD-1", name="Gold loan")

    mapped = ProductAccount.objects.filter(product_code=product.code).values_list("role", flat=True)
    of_lines = {AccountRole.LINE_COMMITMENT, AccountRole.LINE_COMMITMENT_CONTRA}
    assert sorted(mapped) == sorted(set(AccountRole.values) - of_lines)


def test_same_product_again_is_the_first_one() -> None:
    assert product_create(code="PL", name="Personal loan") == product_create(code="PL", name="Personal loan")


@pytest.mark.parametrize("code", ["", "pl", "1PL", "P L", "P" * 21, "PL\n"])
def test_code_that_breaks_the_rule_is_refused(code: str) -> None:
    with pytest.raises(KistError) as caught:
        product_create(code=code, name="Personal loan")

    assert caught.value.code == "lms.product_code_invalid"
    assert Product.objects.count() == 0


def test_code_of_another_product_is_refused() -> None:
    make_product()

    with pytest.raises(KistError) as caught:
        product_create(code="PL", name="Payday loan")

    assert caught.value.code == "lms.product_code_taken"


def test_versions_are_numbered_and_the_latest_in_force_is_current() -> None:
    product = make_product()
    first = make_version(product=product)
    second = product_version_publish(
        product=product, terms_template={}, **LIMITS, effective_from=date(2026, 4, 1), reason="New year"
    )

    assert (first.number, second.number) == (1, 2)
    assert product_version_current(product=product, on_date=date(2026, 3, 31)) == first
    assert product_version_current(product=product, on_date=date(2026, 4, 1)) == second
    assert product_version_current(product=product, on_date=date(2019, 1, 1)) is None


def test_publishing_the_same_content_again_gives_the_first_version() -> None:
    product = make_product()

    assert make_version(product=product) == make_version(product=product)


def test_template_is_written_out_in_full_without_what_belongs_to_the_loan() -> None:
    version = make_version(terms={"annual_rate_pct": "99", "day_count": "ACTUAL_360"})

    assert version.terms_template["day_count"] == "ACTUAL_360"
    assert version.terms_template["interest_rounding"] == "HALF_UP"
    assert "annual_rate_pct" not in version.terms_template


def test_terms_of_a_loan_are_the_template_with_its_own_figures() -> None:
    version = make_version()

    terms = terms_for_loan(
        version=version,
        principal_paise=5_000_00,
        annual_rate_pct=Decimal("18.5"),
        instalment_count=6,
        first_due_date=date(2026, 2, 5),
        instalment_paise=900_00,
    )

    assert (terms.principal_paise, terms.annual_rate_pct, terms.instalment_count) == (5_000_00, Decimal("18.5"), 6)
    assert (terms.first_due_date, terms.instalment_paise) == (date(2026, 2, 5), 900_00)
    assert [charge.code for charge in terms.charges] == [charge["code"] for charge in PERSONAL_LOAN_TERMS["charges"]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"principal_min_paise": 10_00_000_01}, "lms.product_limits_invalid"),
        ({"rate_min_pct": Decimal(49)}, "lms.product_limits_invalid"),
        ({"instalment_count_min": 121}, "lms.product_limits_invalid"),
        ({"principal_min_paise": 0}, "lms.amount_not_positive"),
        ({"instalment_count_min": 0}, "lms.terms_invalid"),
        ({"rate_max_pct": Decimal("1E+9")}, "lms.rate_invalid"),
        ({"terms_template": {"day_count": "LUNAR"}}, "lms.terms_invalid"),
        ({"terms_template": {"colour": "red"}}, "lms.terms_invalid"),
    ],
)
def test_wrong_version_is_refused(change: dict[str, Any], code: str) -> None:
    product = make_product()
    values: dict[str, Any] = {"terms_template": {}, **LIMITS, "effective_from": date(2026, 1, 1)}

    with pytest.raises(KistError) as caught:
        product_version_publish(product=product, **{**values, **change})

    assert caught.value.code == code
    assert ProductVersion.objects.count() == 0


def test_published_version_cannot_be_changed_or_deleted() -> None:
    version = make_version()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ProductVersion.objects.filter(pk=version.pk).update(rate_max_pct=Decimal(60))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ProductVersion.objects.filter(pk=version.pk).delete()


def test_switching_a_product_off_needs_a_reason() -> None:
    make_product()

    with pytest.raises(KistError) as caught:
        product_set_active(code="PL", is_active=False, reason=" ")

    assert caught.value.code == "lms.reason_missing"
    assert Product.objects.get(code="PL").is_active


def test_unknown_product_cannot_be_switched_off() -> None:
    with pytest.raises(KistError) as caught:
        product_set_active(code="XX", is_active=False, reason="Replaced")

    assert caught.value.code == "lms.product_unknown"
