"""Compare one loan of the tape with its replay, and work out how it stands when it is taken over."""

from dataclasses import dataclass, replace
from datetime import date

from lms.engine.codec import terms_from_dict
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact, TakeOver, WriteOff
from lms.engine.replay import replay
from lms.engine.terms import Amortisation, Terms
from lms.services.imports.causes import Cause, Guess, balance_guess, covered_count, instalment_guess
from lms.services.imports.loan_fields import TapeStatus
from lms.services.imports.map_product import row_terms_of
from lms.services.imports.mapping import ImportMap
from lms.services.imports.problems import Problem, problem
from lms.services.imports.replays import TapePlan, paid_implied, replay_paid, tape_plan
from lms.services.imports.rows import LoanRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The tape's figures less the replayed ones, in paise, and the guessed cause of a difference.

    A balance is exact when it is within one paisa per instalment paid.
    """

    instalments_paid: int
    instalment_paise: int
    instalment_difference_paise: int
    balance_paise: int
    balance_difference_paise: int
    cause: Cause = Cause.NONE
    detail: str = ""
    is_explained: bool = False

    @property
    def is_instalment_exact(self) -> bool:
        """Whether the engine's instalment is the tape's."""
        return self.instalment_difference_paise == 0

    @property
    def is_balance_exact(self) -> bool:
        """Whether the replayed balance is the tape's."""
        return abs(self.balance_difference_paise) <= self.instalments_paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the loan enters the book: its terms with the agreed instalment, and the facts of the snapshot day."""

    disbursed_on: date
    terms: Terms
    facts: tuple[Fact, ...]


def template_of(*, import_map: ImportMap) -> Terms:
    """Return the terms of the map's product, with placeholders for what each loan has of its own."""
    placeholders = row_terms_of(principal_paise=1, annual_rate_pct=import_map.product.rate_max_pct, instalment_count=1)
    return terms_from_dict({**import_map.product.terms, **placeholders})


def loan_examine(*, row: LoanRow, template: Terms, import_map: ImportMap) -> Comparison | Problem:
    """Replay one loan with as many instalments as its paid figures imply, and compare instalment and balance.

    The loan is also taken over on paper, so that what the book would refuse is known before anything is imported.

    Returns:
        The differences with their guessed cause, or the problem for which the loan is rejected.
    """
    try:
        plan = tape_plan(row=row, template=template)
        if row.instalment <= plan.rows[0].due.interest and template.amortisation is Amortisation.EQUAL_INSTALMENTS:
            return problem("", "instalment_too_small")
        due = plan.due_by(import_map.snapshot_date)
        paid = paid_implied(row=row, due=due)
        balance = replay_paid(plan=plan, paid=paid).outstanding.principal
        compared = Comparison(
            instalments_paid=paid,
            instalment_paise=plan.instalment_paise,
            instalment_difference_paise=row.instalment - plan.instalment_paise,
            balance_paise=balance,
            balance_difference_paise=row.balance - balance,
        )
        standing = _standing(plan, template, import_map)
        kept = replay(terms=standing.terms, facts=standing.facts, as_of=import_map.snapshot_date).outstanding.principal
        if kept != row.balance:
            # Better to stop than to enter another balance than the tape's.
            raise ValueError(f"Taken over, {row.reference} would owe {kept} paise instead of {row.balance}.")
        return _with_cause(compared, plan, template, due)
    except EngineRefusal as refused:
        return problem("", "engine_refused", problem=refused.message, engine_code=refused.code)


def loan_standing(*, row: LoanRow, template: Terms, import_map: ImportMap) -> Standing:
    """Work out the terms and facts by which a loan enters the book; its balance is the tape's own.

    A loan that is current, but lacks the last instalment due by the file's dates, pays later in the month: it gets
    `later_due_day`. One that is late stands with the arrears that its balance implies. A closed one has nothing to
    claim; one written off brings its claim in and writes it off on the same day.

    Raises:
        EngineRefusal: the loan cannot be replayed, which its dry run says first.
    """
    return _standing(tape_plan(row=row, template=template), template, import_map)


def _with_cause(compared: Comparison, plan: TapePlan, template: Terms, due: int) -> Comparison:
    guesses: list[Guess] = []
    if not compared.is_balance_exact:
        guesses.append(balance_guess(plan=plan, template=template, paid=compared.instalments_paid, due=due))
    if not compared.is_instalment_exact:
        guesses.append(instalment_guess(plan=plan, template=template))
    if not guesses:
        return compared
    return replace(
        compared,
        cause=guesses[0].cause,
        detail="; ".join(guess.detail for guess in guesses),
        is_explained=all(guess.is_reproduced for guess in guesses),
    )


def _standing(plan: TapePlan, template: Terms, import_map: ImportMap) -> Standing:
    plan = _agreed(plan, template)
    row, snapshot = plan.row, import_map.snapshot_date
    due = plan.due_by(snapshot)
    paid = _paid(plan, due)
    if row.status is TapeStatus.CURRENT and paid == due - 1 and import_map.later_due_day and not row.first_due_date:
        moved = replace(row, disbursal_date=row.disbursal_date.replace(day=import_map.later_due_day))
        later = tape_plan(row=moved, template=template, instalment_paise=row.instalment)
        if later.due_by(snapshot) == paid:
            plan = later
    first_due = next(line.due_date for line in plan.rows)
    terms = replace(plan.terms, first_due_date=row.first_due_date or first_due)
    take_over = TakeOver(
        sequence=1,
        value_date=snapshot,
        amount_paise=row.balance,
        instalments_paid=min(paid, plan.count - 1),
        reference=row.reference,
    )
    if row.status is TapeStatus.WRITTEN_OFF:
        claim = replace(take_over, amount_paise=row.principal - (row.paid_principal or 0))
        return Standing(
            disbursed_on=plan.row.disbursal_date,
            terms=terms,
            facts=(claim, WriteOff(sequence=2, value_date=snapshot, reference=row.reference)),
        )
    if row.balance:
        take_over = replace(take_over, interest_arrears_paise=_interest_arrears(plan, terms, take_over))
    return Standing(disbursed_on=plan.row.disbursal_date, terms=terms, facts=(take_over,))


def _agreed(plan: TapePlan, template: Terms) -> TapePlan:
    """Return the plan with the tape's instalment, which the borrower agreed to."""
    if plan.instalment_paise != plan.row.instalment:
        return tape_plan(row=plan.row, template=template, instalment_paise=plan.row.instalment)
    return replace(plan, terms=replace(plan.terms, instalment_paise=plan.row.instalment))


def _paid(plan: TapePlan, due: int) -> int:
    """Number of instalments that count as settled in the other book."""
    row = plan.row
    if row.status in (TapeStatus.LATE, TapeStatus.WRITTEN_OFF):
        return min(covered_count(plan=plan), due)
    implied = paid_implied(row=row, due=due)
    if implied == due + 1 and abs(plan.balance(implied) - row.balance) <= implied:
        return implied
    return min(implied, due)


def _interest_arrears(plan: TapePlan, terms: Terms, take_over: TakeOver) -> int:
    """Interest of the instalments that are due and unpaid, on the balance as it stands.

    Part of the next principal having been paid says that the interest of that instalment was paid before it.
    """
    paid = take_over.instalments_paid
    if plan.until(paid + 1)[-1].due_date > take_over.value_date:
        return 0
    rows = plan.until(paid)
    since = rows[-1].due_date if rows else plan.row.disbursal_date
    earlier = replace(take_over, value_date=min(since, take_over.value_date))
    state = replay(terms=terms, facts=[earlier], as_of=take_over.value_date)
    arrears = [line.due.interest for line in state.instalments if line.due_date <= take_over.value_date]
    has_part = plan.balance(paid) - plan.row.balance > paid
    return sum(arrears[1:] if has_part else arrears)
