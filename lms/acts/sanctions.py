"""The sanction of a loan: an account is opened for a customer; no money moves yet."""

from typing import Any, Final

from django.db import models
from rest_framework import serializers

from core.acts.registry import Act, ActCall, Values
from customers.models import Customer
from lms.acts.first_rules import BY_MANAGER, NEW_TERMS, PLAIN
from lms.acts.subjects import borrower_lock, borrower_version, customer_name, customer_of
from lms.models import Loan, ProductVersion
from lms.offers import offer_of
from lms.services.loans import loan_sanction
from lms.services.positions import terms_of

_ROWS_SHOWN: Final = 400


class LoanSanctionInput(serializers.Serializer[Any]):
    """A loan to be sanctioned."""

    version: serializers.PrimaryKeyRelatedField[ProductVersion] = serializers.PrimaryKeyRelatedField(
        queryset=ProductVersion.objects.select_related("product"), help_text="Key of a version of a product for loans."
    )
    principal_paise = serializers.IntegerField(help_text="In paise.")
    annual_rate_pct = serializers.DecimalField(max_digits=9, decimal_places=4, help_text="Yearly, in per cent.")
    instalment_count = serializers.IntegerField(min_value=1, max_value=2000)
    sanctioned_on = serializers.DateField(help_text="At most the business date.")
    first_due_date = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="As the product says when empty."
    )


def _sanction(call: ActCall) -> models.Model:
    entered = dict(call.values)
    return loan_sanction(
        customer=customer_of(customer_id=call.subject_id),
        product_version=entered.pop("version"),
        idempotency_key=call.idempotency_key,
        reason=call.reason,
        actor=call.actor,
        **entered,
    )


def _sanction_effect(call: ActCall) -> dict[str, Any]:
    loan = _sanction(call)
    assert isinstance(loan, Loan)  # noqa: S101  # see above
    offer = offer_of(terms=terms_of(loan=loan), start_date=loan.sanctioned_on)
    return {
        "customer": customer_name(call.subject_id),
        "product": str(loan.product_version),
        "principal_paise": loan.principal_paise,
        "annual_rate_pct": f"{call.values['annual_rate_pct']:f}",
        "apr_pct": None if offer.apr_pct is None else f"{offer.apr_pct:f}",
        "instalment_paise": offer.instalment_paise,
        "interest_paise": offer.total_interest_paise,
        "charges_at_the_disbursal_paise": offer.total_charges_paise,
        "paid_out_paise": offer.net_disbursed_paise,
        "schedule": [
            {"number": str(row.number), "due_date": row.due_date.isoformat(), "due_paise": row.due.total}
            for row in offer.rows[:_ROWS_SHOWN]
        ],
    }


def _principal(_customer_id: int, values: Values) -> int | None:
    amount: int = values["principal_paise"]
    return amount


LOAN_SANCTION_ACT: Final = Act(
    slug="loan-sanction",
    code="lms.loan-sanction",
    title="Sanction a loan",
    permission="lms.sanction_loan",
    approve_permission=NEW_TERMS,
    subject=Customer,
    name=customer_name,
    input=LoanSanctionInput,
    run=_sanction,
    effect=_sanction_effect,
    version=lambda customer_id, _values: borrower_version(customer_id),
    lock=lambda customer_id, _values: borrower_lock(customer_id),
    # One person is enough until a dated rule says from which amount on it is not.
    rule=PLAIN,
    is_reason_required=False,
    amount_paise=_principal,
    was_done=lambda key: Loan.objects.filter(idempotency_key=key).exists(),
    limits_paise=BY_MANAGER,
)
