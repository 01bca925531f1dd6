"""Events of a FIN case that move money or levy charges."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from lms.engine.facts import Charge, Disburse, Penal, Receive, Refund, Waive, WriteOff
from lms.engine.quote import quote_foreclosure
from lms.engine.row_charges import charge_amount
from lms.engine.schedule import build_schedule
from lms.engine.state import RowKind
from lms.engine.terms import Component, InterestMethod
from tests.figures.fin_story import Story, day_of
from tests.figures.fin_terms import charge_term, minor
from tests.figures.result import Unsupported


def disburse(story: Story, event: dict[str, Any]) -> None:
    """Lend; an automatic down payment comes back the same day."""
    amount, day = minor(event["amount"]), day_of(event)
    if story.disbursals():
        _refuse_tranche(story, day)
    story.is_undisbursed = False
    story.facts.append(Disburse(sequence=story.next_sequence, value_date=day, amount_paise=amount))
    keep_back(story, day)
    down_payment = story.source["terms"].get("down_payment", {})
    if not down_payment.get("auto_paid") or story.source["id"].startswith("FIN-P"):
        return
    rows = [row for row in story.state(day).instalments if row.kind is RowKind.DOWN_PAYMENT and row.due_date == day]
    story.types[story.next_sequence] = "down_payment"
    story.facts.append(
        Receive(
            sequence=story.next_sequence,
            value_date=day,
            amount_paise=rows[-1].due.principal,
            transaction_kind="DOWN_PAYMENT",
        )
    )


def _refuse_tranche(story: Story, day: date) -> None:
    """Refuse tranches that the sources spread in ways of their own."""
    rows = [row for row in story.state(day).instalments if row.kind is RowKind.REGULAR]
    rate, is_flat = story.terms.annual_rate_pct, story.terms.interest_method is InterestMethod.FLAT
    if rate and is_flat and day > rows[0].from_date and (not story.is_cumulative or day >= rows[0].due_date):
        raise Unsupported("tranche inside a period or later on flat interest")
    if story.is_cumulative and rate and not is_flat:
        raise Unsupported("tranche on a declining balance (cumulative engine)")
    if story.is_cumulative and any(row.due_date == day for row in rows):
        raise Unsupported("tranche on a due date (cumulative engine)")


def keep_back(story: Story, day: date) -> None:
    """Levy the charges that are kept back from the disbursal."""
    terms = [term for term in story.terms.charges if term.is_upfront]
    if terms and len(story.disbursals()) > 1:
        raise Unsupported("charge at disbursement with several tranches")
    for term in terms:
        rows = build_schedule(terms=story.terms, start_date=day)
        amount = charge_amount(
            term=term,
            principal_paise=sum(row.due.principal for row in rows),
            interest_paise=sum(row.due.interest for row in rows),
            mode=story.terms.interest_rounding,
        )
        story.types[story.next_sequence] = "repayment_at_time_of_disbursement"
        story.facts.append(
            Charge(sequence=story.next_sequence, value_date=day, amount_paise=amount, code=term.code, is_kept_back=True)
        )


def instalment_charge(story: Story, event: dict[str, Any]) -> None:
    """Add a charge to every instalment."""
    if story.numbered("repayment"):
        raise Unsupported("instalment_charge after a repayment")
    term = charge_term({**event, "when": "instalment"})
    story.terms = replace(story.terms, charges=(*story.terms.charges, term))


def repay(story: Story, event: dict[str, Any]) -> None:
    """Take a repayment."""
    _receive(story, event, "repayment", "")


def credit(story: Story, event: dict[str, Any]) -> None:
    """Take a credit of a merchant or of the lender; one that refunds interest too is refused."""
    if event["kind"] not in ("merchant_issued_refund", "payout_refund", "goodwill_credit"):
        raise Unsupported(f"credit {event['kind']}")
    if _may_refund_interest(story):
        raise Unsupported("interest_refund")
    _receive(story, event, event["kind"], event["kind"].upper())


def _receive(story: Story, event: dict[str, Any], name: str, kind: str) -> None:
    story.types[story.next_sequence] = name
    story.facts.append(
        Receive(
            sequence=story.next_sequence,
            value_date=day_of(event),
            amount_paise=minor(event["amount"]),
            transaction_kind=kind,
        )
    )


def _may_refund_interest(story: Story) -> bool:
    """Tell whether credits of the case also refund interest, or whether its figures cannot say."""
    if not story.terms.annual_rate_pct:
        return False
    lists = [snapshot["transactions"] for snapshot in story.source["expect"] if "transactions" in snapshot]
    return not lists or any(line["type"] == "interest_refund" for lines in lists for line in lines)


def pay_off(story: Story, event: dict[str, Any]) -> None:
    """Pay whatever closes the loan on the day."""
    day = day_of(event)
    recalculation = story.source["terms"].get("interest_recalculation")
    ends = [row.due_date for row in story.state(day).instalments]
    is_inside = day not in ends and day < ends[-1]
    if is_inside and recalculation and recalculation.get("pre_closure_interest") != "till_pre_closure_date":
        raise Unsupported(f"pay_off with pre_closure_interest {recalculation.get('pre_closure_interest')}")
    if recalculation:
        amount = quote_foreclosure(terms=story.terms, facts=story.facts, on_date=day).total_paise
    else:
        state = story.state(day)
        amount = sum(row.open.total for row in state.instalments) - state.excess_paise
    if amount > 0:
        story.types[story.next_sequence] = "repayment"
        story.facts.append(Receive(sequence=story.next_sequence, value_date=day, amount_paise=amount))


def refund(story: Story, event: dict[str, Any]) -> None:
    """Pay money back that the lender holds for the borrower."""
    story.types[story.next_sequence] = "credit_balance_refund"
    amount = minor(event["amount"])
    story.facts.append(Refund(sequence=story.next_sequence, value_date=day_of(event), amount_paise=amount))


def write_off(story: Story, event: dict[str, Any]) -> None:
    """Give up the rest of the schedule."""
    story.types[story.next_sequence] = "close_as_written_off"
    story.facts.append(WriteOff(sequence=story.next_sequence, value_date=day_of(event)))


def charge(story: Story, event: dict[str, Any]) -> None:
    """Levy one fee or penalty."""
    if "amount" not in event:
        raise Unsupported("charge as a percentage")
    due, amount = day_of(event, "due"), minor(event["amount"])
    # The older calculator counts a charge before any payment, the newer one from its due date if it is levied later.
    first = story.disbursals()[0].value_date if story.disbursals() else due
    day = first if story.is_cumulative else min(day_of(event, "business_date"), due)
    sequence = story.next_sequence
    if event["kind"] == "penalty":
        story.facts.append(Penal(sequence=sequence, value_date=day, amount_paise=amount, due_date=due))
    else:
        story.facts.append(Charge(sequence=sequence, value_date=day, amount_paise=amount, code="FEE", due_date=due))


def waive_charge(story: Story, event: dict[str, Any]) -> None:
    """Give up the only charge that was levied."""
    levied = [
        fact for fact in story.facts if isinstance(fact, Penal) or (isinstance(fact, Charge) and not fact.is_kept_back)
    ]
    if len(levied) != 1:
        raise Unsupported("waive_charge with several charges")
    fact = levied[0]
    story.types[story.next_sequence] = "waive_loan_charges"
    story.facts.append(
        Waive(
            sequence=story.next_sequence,
            value_date=max(fact.due_date or fact.value_date, fact.value_date),
            amount_paise=fact.amount_paise,
            component=Component.FEE if isinstance(fact, Charge) else Component.PENAL,
            charge_sequence=fact.sequence,
        )
    )


def undo_waive_charge(story: Story, event: dict[str, Any]) -> None:
    """Levy it again."""
    story.take_back(story.numbered("waive_loan_charges")[-1], day_of(event, "business_date"))
