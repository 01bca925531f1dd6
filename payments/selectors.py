"""What is known of payouts: the picture of one, those of a loan, and money that is stuck."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from core.sagas.models import Saga, SagaEvent, SagaState
from core.selectors import SagaStepView, saga_picture
from ledger.models import Journal
from ledger.selectors import journals_for
from payments.models import NameBand, PayeeCheck, Payout, PayoutState, ProviderAttempt
from payments.services.flight import REFERENCE_TYPE
from payments.services.payout_decisions import sagas_of

# Money that is on its way for longer than this is looked at by a person; the second and third step are worse.
AGES: Final = (timedelta(hours=24), timedelta(hours=48), timedelta(hours=72))
_TONES: Final = ("green", "amber", "orange", "red")
_COUNTED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightView:
    """Money of a payout that left the balance at the vendor and has not arrived in the books: how much, since when."""

    account_code: str
    amount_paise: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPicture:
    """Everything about one payout: its saga as steps, the calls with all that was learnt, and what was booked."""

    saga: Saga | None
    steps: tuple[SagaStepView, ...]
    timeline: tuple[SagaEvent, ...]
    others: tuple[Saga, ...]
    attempts: tuple[ProviderAttempt, ...]
    journals: tuple[Journal, ...]
    flight: tuple[FlightView, ...]

    @property
    def is_moving(self) -> bool:
        """Tell whether workers are at it, so that a page that shows it looks again."""
        own = self.saga is not None and self.saga.state in (SagaState.RUNNING, SagaState.COMPENSATING)
        return own or any(saga.kind != "payments.watch" and saga.finished_at is None for saga in self.others)


def payout_picture(*, payout: Payout) -> PayoutPicture:
    """Collect what the page of a payout shows."""
    sagas = list(sagas_of(payout=payout))
    own = next((saga for saga in sagas if saga.pk == payout.saga_id), None)
    attempts = ProviderAttempt.objects.filter(saga_id=payout.saga_id or 0).select_related("vendor")
    journals = tuple(journals_for(reference_type=REFERENCE_TYPE, reference_id=payout.pk))
    return PayoutPicture(
        saga=own,
        steps=saga_picture(saga=own) if own else (),
        timeline=tuple(own.events.all()) if own else (),
        others=tuple(saga for saga in sagas if saga is not own),
        attempts=tuple(attempts.prefetch_related("events").order_by("generation")),
        journals=journals,
        flight=_flight(journals),
    )


def payouts_for_search(*, text: str) -> QuerySet[Payout]:
    """Return payouts by number, by the bank's reference, by ours, or by the vendor's, in full."""
    wanted = text.strip()
    sagas = ProviderAttempt.objects.filter(Q(our_reference=wanted) | Q(vendor_reference=wanted) | Q(utr=wanted))
    by_attempt = list(sagas.values_list("saga_id", flat=True)[:_COUNTED])
    return Payout.objects.filter(Q(number=wanted.upper()) | Q(utr=wanted) | Q(saga_id__in=by_attempt))


def payouts_of(*, loan_ids: Sequence[int], limit: int = 20) -> list[Payout]:
    """Return the latest payouts of loans."""
    rows = Payout.objects.filter(loan_id__in=loan_ids).select_related("bank_account", "loan").order_by("-pk")
    return list(rows[:limit])


def payouts_stuck(*, limit: int = 50) -> list[tuple[Payout, Saga]]:
    """Return payouts that one of their sagas holds up, the oldest first, with that saga."""
    sagas = Saga.objects.filter(
        state__in=(SagaState.MANUAL, SagaState.COMPENSATING), subject_type="payments.payout"
    ).order_by("changed_at")[:limit]
    by_id = {int(saga.subject_id): saga for saga in reversed(list(sagas))}
    rows = Payout.objects.filter(pk__in=by_id).select_related("loan")
    found = [(payout, by_id[payout.pk]) for payout in rows]
    return sorted(found, key=lambda pair: pair[1].changed_at)


def payouts_in_doubt(*, limit: int = 50) -> list[tuple[Payout, PayeeCheck]]:
    """Return payouts that wait until somebody decides about the name on the account, with what to decide about."""
    checks = PayeeCheck.objects.filter(band=NameBand.REVIEW).order_by("asked_at")[:limit]
    by_account = {check.bank_account_id: check for check in reversed(list(checks))}
    rows = Payout.objects.filter(state=PayoutState.REQUESTED, bank_account_id__in=by_account).select_related("loan")
    return [(payout, by_account[payout.bank_account_id]) for payout in rows.order_by("pk")[:limit]]


def age_tone(*, since: datetime | None, now: datetime) -> str:
    """Return the colour of an amount that waits: green in the first day, then amber, orange, red from 72 hours on."""
    if since is None:
        return _TONES[0]
    return _TONES[sum(now - since >= age for age in AGES)]


def _flight(journals: Sequence[Journal]) -> tuple[FlightView, ...]:
    """Return what a payout's journals left on the accounts of money on its way."""
    left: dict[str, int] = {}
    since: dict[str, datetime] = {}
    for journal in journals:
        for transfer in journal.transfers.all():
            for account, sign in ((transfer.debit_account, 1), (transfer.credit_account, -1)):
                if account.code.startswith("1060."):
                    left[account.code] = left.get(account.code, 0) + sign * transfer.amount_paise
                    since.setdefault(account.code, journal.recorded_at)
    return tuple(
        FlightView(account_code=code, amount_paise=paise, since=since[code]) for code, paise in left.items() if paise
    )
