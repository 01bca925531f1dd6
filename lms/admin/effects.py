"""What an act would do, before it is done: the act itself, run and rolled back."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from core.templatetags.kist import day, rupees
from ledger.models import Transfer
from lms.admin.act_forms import ActForm
from lms.models import Allocation, Loan, LoanFact
from lms.templatetags.loans import kind_words

_FIGURES = (
    ("Principal outstanding", "principal_outstanding_paise"),
    ("Interest outstanding", "interest_outstanding_paise"),
    ("Fees", "fee_outstanding_paise"),
    ("GST on fees", "tax_outstanding_paise"),
    ("Penal charges", "penal_outstanding_paise"),
    ("Overdue", "overdue_paise"),
    ("Excess held", "excess_paise"),
    ("Instalment", "instalment_paise"),
    ("Next due", "next_due_paise"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One figure before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an act changes: figures, where the money goes, and what is booked."""

    kind: str
    changes: tuple[Change, ...]
    allocations: tuple[Allocation, ...]
    transfers: tuple[Transfer, ...]


def effect_of(*, form: ActForm, actor: User) -> Effect:
    """Run the form's act in a transaction that is rolled back, and return what it did.

    The act takes the locks that it would take, for as long as it takes; nothing of it stays.

    Raises:
        KistError: the act is refused.
    """
    before = Loan.objects.get(pk=form.loan.pk)
    with transaction.atomic():
        fact = form.submit(actor=actor)
        effect = _read(before, fact)
        transaction.set_rollback(True)
    return effect


def _read(before: Loan, fact: LoanFact) -> Effect:
    after = Loan.objects.get(pk=before.pk)
    transfers = Transfer.objects.filter(journal__idempotency_key=f"lms.fact:{fact.pk}").order_by("leg")
    return Effect(
        kind=kind_words(fact.kind),
        changes=tuple(_changes(before, after)),
        allocations=tuple(Allocation.objects.filter(loan=after, fact_sequence=fact.sequence).order_by("position")),
        transfers=tuple(transfers.select_related("debit_account", "credit_account")),
    )


def _changes(before: Loan, after: Loan) -> list[Change]:
    changes = [
        Change(label, rupees(getattr(before, name)), rupees(getattr(after, name)))
        for label, name in _FIGURES
        if getattr(before, name) != getattr(after, name)
    ]
    if before.days_past_due != after.days_past_due:
        changes.append(Change("Days past due", str(before.days_past_due), str(after.days_past_due)))
    if before.next_due_date != after.next_due_date:
        changes.append(Change("Next due on", day(before.next_due_date), day(after.next_due_date)))
    if before.status != after.status:
        changes.append(Change("Status", before.get_status_display(), after.get_status_display()))
    return changes
