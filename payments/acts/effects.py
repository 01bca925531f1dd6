"""What an act about money would do: to loans as sums, and which journals of its own it posts."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Max

from core.rehearsal import rehearse
from ledger.models import Journal
from ledger.selectors import journals_for
from lms.services.effect_totals import effect_totals
from lms.services.effects import effect_of


def money_effect(
    *, reference_type: str, reference_id: int, loan_ids: Sequence[int], act: Callable[[], object]
) -> dict[str, Any]:
    """Run an act in a rehearsal and tell what it changes on loans, and what it moves between accounts.

    Args:
        reference_type, reference_id: what the act's own journals are posted for.
        loan_ids: the loans that it touches; may be empty.
        act: calls the services as it would in earnest.

    Raises:
        KistError: what the act itself would be refused for.
    """
    moved: list[dict[str, Any]] = []

    def run() -> None:
        moved.clear()
        last = Journal.objects.aggregate(last=Max("pk"))["last"] or 0
        act()
        for journal in journals_for(reference_type=reference_type, reference_id=reference_id).filter(pk__gt=last):
            moved.extend(
                {
                    "what": journal.event.replace("_", " ").lower(),
                    "debit": f"{transfer.debit_account.code} {transfer.debit_account.name}",
                    "credit": f"{transfer.credit_account.code} {transfer.credit_account.name}",
                    "amount_paise": transfer.amount_paise,
                }
                for transfer in journal.transfers.all()
            )

    if not loan_ids:
        rehearse(run)
        return {"money_moved": list(moved)}
    totals = effect_totals(effect=effect_of(loan_ids=loan_ids, act=run))
    # What stays as it is has no line of its own.
    return {**{name: value for name, value in totals.items() if value != []}, "money_moved": list(moved)}
