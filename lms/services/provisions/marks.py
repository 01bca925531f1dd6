"""Put loans on the watch list or mark them for relief: what no figure of the loan can tell."""

from collections.abc import Sequence
from datetime import date

from django.contrib.auth.models import User

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from lms.errors.provisions import ProvisionMarkRepeated
from lms.locks import loans_for_update
from lms.models import ProvisionMark
from lms.services.checks import reason_check


def provision_mark_set(
    *, loan_id: int, kind: ProvisionMark.Kind, is_set: bool, reason: str, actor: User | None = None
) -> ProvisionMark:
    """Mark a loan, or take a mark off, from the business date on.

    Raises:
        ProvisionMarkRepeated: the loan is so already.
        ReasonMissing: the reason is empty.
        Loan.DoesNotExist: there is no such loan.
    """
    reason_check(reason=reason, is_required=True)
    on_date = business_date()

    def mark() -> ProvisionMark:
        loan = loans_for_update().get(pk=loan_id)
        standing = marks_on(loan_ids=[loan_id], on_date=on_date)
        if ((loan_id, kind.value) in standing) == is_set:
            raise ProvisionMarkRepeated(
                loan=loan.number, standing=f"{'' if is_set else 'not '}marked as {kind.label.lower()}"
            )
        row = ProvisionMark.objects.create(
            loan=loan, kind=kind, is_set=is_set, on_date=on_date, reason=reason.strip(), recorded_by=actor
        )
        audit.record(
            actor=actor,
            action="lms.provision_mark_set",
            obj=loan,
            reason=reason,
            detail={"kind": kind.value, "is_set": is_set},
        )
        return row

    return run_in_transaction(mark)


def marks_on(*, loan_ids: Sequence[int], on_date: date) -> frozenset[tuple[int, str]]:
    """Return the marks that loans bear on a day, as loan key and kind."""
    rows = ProvisionMark.objects.filter(loan_id__in=loan_ids, on_date__lte=on_date).order_by("on_date", "pk")
    latest = {(loan_id, kind): is_set for loan_id, kind, is_set in rows.values_list("loan_id", "kind", "is_set")}
    return frozenset(key for key, is_set in latest.items() if is_set)
