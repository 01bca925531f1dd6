"""The effect of an act on many loans in one small table each: what an approver of thousands of loans can read."""

from collections import Counter

from lms.services.effects import Effect

_SUMMED = (
    "principal_outstanding_paise",
    "interest_outstanding_paise",
    "fee_outstanding_paise",
    "tax_outstanding_paise",
    "penal_outstanding_paise",
    "overdue_paise",
    "excess_paise",
    "instalment_paise",
)


def effect_totals(*, effect: Effect) -> dict[str, object]:
    """Return an effect as sums over its loans, as JSON can carry it and the approval screens show it.

    Returns:
        `loans`; `x_paise_before` and `x_paise_after` of the loans on which x changes; and the lists `entries` by kind,
        `postings` by pair of accounts and `class_moves` by pair of classes. Amounts are paise.
    """
    before, after, moves = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    kinds, amounts, postings = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for loan in effect.loans:
        for figure in loan.figures:
            if figure.name in _SUMMED:
                before[figure.name] += int(figure.before)
                after[figure.name] += int(figure.after)
            elif figure.name == "asset_class":
                moves[figure.before, figure.after] += 1
        for fact in loan.facts:
            kinds[fact.kind] += 1
            amounts[fact.kind] += fact.amount_paise
        for posting in loan.postings:
            postings[posting.debit, posting.credit] += posting.amount_paise
    sums = {}
    for name in _SUMMED:
        if name in before:
            sums[f"{name}_before"], sums[f"{name}_after"] = before[name], after[name]
    return {
        "loans": len(effect.loans),
        **sums,
        "entries": [
            {"kind": kind, "count": count, "amount_paise": amounts[kind]} for kind, count in sorted(kinds.items())
        ],
        "postings": [
            {"debit": debit, "credit": credit, "amount_paise": paise}
            for (debit, credit), paise in sorted(postings.items())
        ],
        "class_moves": [
            {"from": earlier, "to": later, "loans": count} for (earlier, later), count in sorted(moves.items())
        ],
    }
