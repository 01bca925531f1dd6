"""Sums over compared loans: of a chunk, and of all chunks together. All of it is JSON, amounts are paise."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ledger.models import ProductAccount
from ledger.posting_rules import posting_rule
from lms.dry_runs.comparing import FIGURES, Compared

_AMOUNTS: Final = tuple(name for name in FIGURES if name.endswith("_paise"))
_PLACES: Final = {name: FIGURES.index(name) for name in _AMOUNTS}
_OWED: Final = _PLACES["principal_outstanding_paise"]
_SEPARATOR: Final = "|"


def totals_of_chunk(*, compared: Iterable[Compared]) -> dict[str, dict[str, int]]:
    """Sum compared loans up.

    Returns:
        `counts` of loans, moved and refused; `figures` by product, figure and side; `classes`, `owed_before` and
        `owed_after`, loans and principal by product, class before and class after; `movements` by product, movement
        and head, and `refusals` by code. Keys of several parts are joined by bars.
    """
    sums: dict[str, Counter[str]] = {
        name: Counter()
        for name in ("counts", "figures", "classes", "owed_before", "owed_after", "movements", "refusals")
    }
    for loan in compared:
        sums["counts"]["loans"] += 1
        sums["counts"]["moved"] += loan.is_moved
        if loan.refusal is not None:
            sums["counts"]["refused"] += 1
            sums["refusals"][loan.refusal[0]] += 1
        product = loan.product_code
        for name, place in _PLACES.items():
            sums["figures"][f"{product}|{name}|before"] += loan.before[place]
            sums["figures"][f"{product}|{name}|after"] += loan.after[place]
        move = f"{product}|{loan.class_before}|{loan.class_after}"
        sums["classes"][move] += 1
        sums["owed_before"][move] += loan.before[_OWED]
        sums["owed_after"][move] += loan.after[_OWED]
        for key, paise in loan.movements.items():
            sums["movements"][f"{product}|{key.replace(':', _SEPARATOR)}"] += paise
    return {name: dict(counter) for name, counter in sums.items()}


def result_of(*, chunks: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, Any]:
    """Sum chunks up into the result of a dry run.

    Returns:
        `counts`; `figures`, `{"product", "figure", "before_paise", "after_paise"}` for each product and amount;
        `classes`, `{"product", "before", "after", "loans", "principal_before_paise", "principal_after_paise"}`;
        `postings`, `{"product", "debit", "credit", "amount_paise"}` for each pair of accounts, netted; `refusals`,
        `{"code", "loans"}`.
    """
    sums: dict[str, Counter[str]] = {}
    for chunk in chunks:
        for name, values in chunk.items():
            sums.setdefault(name, Counter()).update(values)
    figures, classes = sums.get("figures", Counter()), sums.get("classes", Counter())
    return {
        "counts": dict(sums.get("counts", Counter())),
        "figures": [
            {
                "product": product,
                "figure": name,
                "before_paise": figures[f"{product}|{name}|before"],
                "after_paise": figures[f"{product}|{name}|after"],
            }
            for product in sorted({key.split(_SEPARATOR)[0] for key in figures})
            for name in _AMOUNTS
        ],
        "classes": [
            {
                **dict(zip(("product", "before", "after"), move.split(_SEPARATOR), strict=True)),
                "loans": loans,
                "principal_before_paise": sums["owed_before"][move],
                "principal_after_paise": sums["owed_after"][move],
            }
            for move, loans in sorted(classes.items())
        ],
        "postings": _postings(sums.get("movements", Counter())),
        "refusals": [{"code": code, "loans": loans} for code, loans in sorted(sums.get("refusals", {}).items())],
    }


def _postings(movements: Mapping[str, int]) -> list[dict[str, Any]]:
    """Turn movements into sums by product and pair of accounts; both directions of a pair are netted."""
    accounts = {
        (product, role): f"{code} {name}"
        for product, role, code, name in ProductAccount.objects.order_by().values_list(
            "product_code", "role", "account__code", "account__name"
        )
    }
    sums: Counter[tuple[str, str, str]] = Counter()
    for key, paise in movements.items():
        product, movement, head = key.split(_SEPARATOR)
        rule = posting_rule(movement=movement, head=head)
        debit, credit = (accounts.get((product, role), str(role)) for role in (rule.debit.value, rule.credit.value))
        if debit == credit:
            continue
        if (product, credit, debit) in sums:
            sums[product, credit, debit] -= paise
        else:
            sums[product, debit, credit] += paise
    return [_posting(pair, paise) for pair, paise in sorted(sums.items()) if paise]


def _posting(pair: Sequence[str], paise: int) -> dict[str, Any]:
    product, debit, credit = pair
    if paise < 0:
        debit, credit, paise = credit, debit, -paise
    return {"product": product, "debit": debit, "credit": credit, "amount_paise": paise}
