"""The lender's registrations: who supplies a borrower, and how a registration is published."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.models import BusinessDate, NumberSequence
from core.states import State, state_by_code
from core.transactions import run_in_transaction
from ledger.errors import ReasonMissing
from ledger.gst.accounts import gst_accounts_create
from ledger.gst.errors import GstinInvalid, GstRegistrationMissing, GstRegistrationOverlaps, StateUnknown
from ledger.gst.gstin import gstin_problem
from ledger.gst.numbers import series_of, series_row
from ledger.models import GstRegistration, TaxDocumentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationTerms:
    """What a registration says from a day on."""

    state_code: str
    gstin: str
    legal_name: str
    address: str
    effective_from: date
    is_principal: bool = False
    is_active: bool = True


def state_of_supply(*, state_code: str) -> State:
    """Return the state that a recorded code names.

    Raises:
        StateUnknown: it names none.
    """
    state = state_by_code(state_code)
    if state is None:
        raise StateUnknown(state_code=state_code[:10])
    return state


def registrations_on(*, on_date: date) -> tuple[GstRegistration, ...]:
    """Return the registrations in force on a day, by state."""
    latest: dict[str, GstRegistration] = {}
    for row in GstRegistration.objects.filter(effective_from__lte=on_date).order_by("effective_from"):
        latest[row.state_code] = row
    return tuple(row for _, row in sorted(latest.items()) if row.is_active)


def registration_for(*, place_of_supply: str, on_date: date) -> GstRegistration:
    """Return the registration that supplies borrowers of a state: that of the state, else the principal one.

    Args:
        place_of_supply: two-letter code.

    Raises:
        GstRegistrationMissing: there is neither.
    """
    rows = registrations_on(on_date=on_date)
    for row in rows:
        if row.state_code == place_of_supply:
            return row
    for row in rows:
        if row.is_principal:
            return row
    raise GstRegistrationMissing(on_date=on_date, state=place_of_supply)


def series_open(*, on_date: date) -> None:
    """Create the counters of a day's financial year and of the next, so that the first documents find a row to lock."""
    years = (on_date, on_date.replace(year=on_date.year + 1, day=1))
    states = GstRegistration.objects.order_by().values_list("state_code", flat=True).distinct()
    names = [
        series_row(series=series_of(kind=kind, state=state_of_supply(state_code=code), on_date=year))
        for code in states
        for kind in TaxDocumentKind
        for year in years
    ]
    NumberSequence.objects.bulk_create([NumberSequence(name=name) for name in names], ignore_conflicts=True)


def registration_publish(*, terms: RegistrationTerms, reason: str, actor: User | None = None) -> GstRegistration:
    """Publish a registration, or how it reads from a day on, and open its accounts.

    Raises:
        StateUnknown, GstinInvalid: the registration cannot be.
        GstRegistrationOverlaps: another row of the state begins that day, or another state is the principal place.
        ReasonMissing: the reason is empty.
    """
    if not reason.strip():
        raise ReasonMissing()
    state = state_of_supply(state_code=terms.state_code)
    if problem := gstin_problem(gstin=terms.gstin, state_gst_code=state.gst_code):
        raise GstinInvalid(gstin=terms.gstin[:20], state=state.name, problem=problem)
    return run_in_transaction(lambda: _publish(terms, state, reason, actor))


def _publish(terms: RegistrationTerms, state: State, reason: str, actor: User | None) -> GstRegistration:
    others = [row for row in registrations_on(on_date=terms.effective_from) if row.state_code != state.code]
    if terms.is_principal and terms.is_active and any(row.is_principal for row in others):
        raise GstRegistrationOverlaps(
            state=state.name, effective_from=terms.effective_from, problem="another state is the principal place then"
        )
    try:
        with transaction.atomic():
            row = GstRegistration.objects.create(
                state_code=state.code,
                effective_from=terms.effective_from,
                gstin=terms.gstin,
                legal_name=terms.legal_name.strip(),
                address=terms.address.strip(),
                is_principal=terms.is_principal,
                is_active=terms.is_active,
                published_by=actor,
            )
    except IntegrityError as error:
        raise GstRegistrationOverlaps(
            state=state.name, effective_from=terms.effective_from, problem="it begins on the same day"
        ) from error
    gst_accounts_create(state=state)
    for day in {terms.effective_from, *BusinessDate.objects.values_list("date", flat=True)}:
        series_open(on_date=day)
    audit.record(
        actor=actor,
        action="ledger.gst_registration_publish",
        obj=row,
        reason=reason,
        detail={"gstin": terms.gstin, "effective_from": terms.effective_from.isoformat()},
    )
    return row
