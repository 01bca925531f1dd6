"""Facts between the engine and the table: one row each, in the form that the codec writes."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from django.db.models import TextField
from django.db.models.functions import Cast

from lms.engine.codec import fact_from_dict, fact_to_dict
from lms.engine.facts import (
    Bounce,
    Charge,
    Disburse,
    Fact,
    Foreclose,
    Moratorium,
    Pause,
    Penal,
    Prepay,
    RateChange,
    Receive,
    Recover,
    Refund,
    Reschedule,
    Restructure,
    Reverse,
    Settle,
    TakeOver,
    Waive,
    WriteOff,
)
from lms.models import FactKind, LoanFact

KIND_OF: Final[dict[type[Fact], FactKind]] = {
    Disburse: FactKind.DISBURSE,
    TakeOver: FactKind.TAKE_OVER,
    Receive: FactKind.RECEIVE,
    Charge: FactKind.CHARGE,
    Penal: FactKind.PENAL,
    Waive: FactKind.WAIVE,
    Bounce: FactKind.BOUNCE,
    Prepay: FactKind.PREPAY,
    RateChange: FactKind.RATE_CHANGE,
    Reschedule: FactKind.RESCHEDULE,
    Moratorium: FactKind.MORATORIUM,
    Pause: FactKind.PAUSE,
    Restructure: FactKind.RESTRUCTURE,
    Settle: FactKind.SETTLE,
    WriteOff: FactKind.WRITE_OFF,
    Recover: FactKind.RECOVER,
    Foreclose: FactKind.FORECLOSE,
    Refund: FactKind.REFUND,
    Reverse: FactKind.REVERSE,
}
_ENGINE_NAME: Final = {code.value: kind.__name__ for kind, code in KIND_OF.items()}

# Fields that are columns of their own; the rest of a fact is kept in `LoanFact.details`.
_COLUMNS = ("kind", "sequence", "value_date", "amount_paise", "reference")
_FACT_FIELDS = (*_COLUMNS, "details")


def facts_of(*, loan_id: int) -> tuple[Fact, ...]:
    """Read the facts of a loan in the order of recording."""
    return facts_known(loan_id=loan_id, known_at=None)


def facts_known(*, loan_id: int, known_at: datetime | None) -> tuple[Fact, ...]:
    """Read the facts of a loan that had been recorded by an instant; all of them when it is None."""
    rows = LoanFact.objects.filter(loan_id=loan_id).order_by("sequence")
    if known_at is not None:
        rows = rows.filter(recorded_at__lte=known_at)
    return tuple(fact_from_values(values=values) for values in rows.values_list(*_FACT_FIELDS))


def facts_of_many(*, loan_ids: Iterable[int]) -> dict[int, tuple[Fact, ...]]:
    """Read the facts of many loans with one query, by loan id, each in the order of recording."""
    collected: dict[int, list[Fact]] = {loan_id: [] for loan_id in loan_ids}
    rows = LoanFact.objects.filter(loan_id__in=list(collected)).order_by("loan_id", "sequence")
    texts = rows.annotate(details_text=Cast("details", TextField())).values_list("loan_id", *_COLUMNS, "details_text")
    for loan_id, kind, sequence, value_date, amount_paise, reference, details in texts:
        fact_type, more = _decoded(kind, details)
        collected[loan_id].append(
            fact_type(sequence=sequence, value_date=value_date, amount_paise=amount_paise, reference=reference, **more)
        )
    return {loan_id: tuple(facts) for loan_id, facts in collected.items()}


def fact_of(*, row: LoanFact) -> Fact:
    """Return the engine's fact that a row holds."""
    return fact_from_values(values=[getattr(row, name) for name in _FACT_FIELDS])


def fact_from_values(*, values: Sequence[Any]) -> Fact:
    """Build a fact from kind, sequence, value date, amount, reference and details, in this order."""
    kind, sequence, value_date, amount_paise, reference, details = values
    return fact_from_dict(
        {
            **details,
            "kind": _ENGINE_NAME[kind],
            "sequence": sequence,
            "value_date": value_date.isoformat(),
            "amount_paise": amount_paise,
            "reference": reference,
        }
    )


def fact_columns(*, fact: Fact) -> dict[str, Any]:
    """Return the columns of a row that hold a fact."""
    written = fact_to_dict(fact)
    details = {key: value for key, value in written.items() if key not in _COLUMNS}
    return {
        "kind": KIND_OF[type(fact)].value,
        "sequence": fact.sequence,
        "value_date": fact.value_date,
        "amount_paise": fact.amount_paise,
        "reference": fact.reference,
        "details": details,
    }


def undone_sequences(*, facts: Sequence[Fact]) -> frozenset[int]:
    """Return the sequences of facts that reversals and bounces undid, as the engine counts them."""
    undone: set[int] = set()
    for fact in sorted(facts, key=lambda fact: fact.sequence, reverse=True):
        target = _undoes(fact)
        if fact.sequence not in undone and target is not None:
            undone.add(target)
    return frozenset(undone)


def first_lent_on(*, facts: Sequence[Fact]) -> date | None:
    """Return the value date of the first disbursal or take-over that stands; None before it."""
    undone = undone_sequences(facts=facts)
    return min(
        (fact.value_date for fact in facts if isinstance(fact, Disburse | TakeOver) and fact.sequence not in undone),
        default=None,
    )


def is_restructuring(*, fact: Fact) -> bool:
    """Tell whether an entry is a concession for financial difficulty."""
    return isinstance(fact, Restructure) or (isinstance(fact, Reschedule | Moratorium) and fact.is_restructure)


def standing_restructurings(*, facts: Sequence[Fact]) -> tuple[date, ...]:
    """Return the value dates of the restructurings that stand."""
    marked = [fact for fact in facts if is_restructuring(fact=fact)]
    undone = undone_sequences(facts=facts) if marked else frozenset[int]()
    return tuple(fact.value_date for fact in marked if fact.sequence not in undone)


def last_restructured_on(*, facts: Sequence[Fact]) -> date | None:
    """Return the value date of the latest restructuring that stands; None without one."""
    return max(standing_restructurings(facts=facts), default=None)


def content_hash(*, content: Mapping[str, object]) -> str:
    """Return a fingerprint of what a caller asked for; equal requests have equal ones."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


@lru_cache(maxsize=4096)
def _decoded(kind: str, details: str) -> tuple[type[Fact], dict[str, Any]]:
    """Decode what a fact has besides its columns; most facts of a book share it with many others."""
    columns = {"sequence": 1, "value_date": "2000-01-01"}
    fact = fact_from_dict({**json.loads(details), "kind": _ENGINE_NAME[kind], **columns})
    return type(fact), {field.name: getattr(fact, field.name) for field in fields(fact) if field.name not in _COLUMNS}


def _undoes(fact: Fact) -> int | None:
    if isinstance(fact, Reverse):
        return fact.reversed_sequence
    return fact.receipt_sequence if isinstance(fact, Bounce) else None
