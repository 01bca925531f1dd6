"""Fill an empty installation with the demo lender."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from django.db import transaction

from core.business_date import business_date
from core.errors import KistError
from customers.models import Customer
from customers.services import address_add, bank_account_add, customers_create_many
from lms.demo.catalogue import PRODUCTS, DemoProduct
from lms.demo.histories import draw_temperament, tell_history
from lms.demo.lines import lines_fill
from lms.demo.people import Person, generate_people
from lms.demo.servicing import servicing_fill
from lms.engine.codec import terms_to_dict
from lms.engine.facts import Bounce, Charge, Disburse, Fact, Receive, Recover, Settle, Waive, WriteOff
from lms.engine.terms import Terms
from lms.models import Loan, LoanFact, ProductVersion
from lms.services.bounces import bounce_record
from lms.services.bulk import LoanDraft, loans_book_many
from lms.services.charges import charge_levy
from lms.services.day_end import day_end_run
from lms.services.loans import loan_disburse
from lms.services.products import product_create, product_version_publish, terms_for_loan
from lms.services.receipts import receipt_post
from lms.services.settlements import settlement_post
from lms.services.waivers import waiver_grant
from lms.services.write_offs import loan_write_off, recovery_post

# The last days are lived day by day through the same services and day-ends that staff use; what came before is booked
# in bulk, which gives the same book in a fraction of the time.
LIVE_DAYS = 4
HISTORY_DAYS = 548
_BATCH = 250

# Entries that take an amount and the bank's reference.
_MONEY: dict[type[Fact], Callable[..., LoanFact]] = {
    Disburse: loan_disburse,
    Receive: receipt_post,
    Recover: recovery_post,
    Settle: settlement_post,
}

Progress = Callable[[str], None]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """A loan to be: what is booked at once, and what is lived later."""

    draft: LoanDraft
    live: tuple[Fact, ...]


def lender_fill(*, customer_count: int, today: date, seed: int, progress: Progress) -> None:
    """Create people, products, loans with their histories, and close the last days.

    Args:
        customer_count: borrowers, most of them with one loan.
        today: the business date when all is done; the installation stands on `today - LIVE_DAYS` before.
        seed: the same one gives the same lender.
        progress: called with a line for the reader after each step.
    """
    rng = Random(seed)
    opened_on = today - timedelta(days=LIVE_DAYS)
    versions = _products_create(effective_from=today - timedelta(days=HISTORY_DAYS + 30))
    progress(f"{len(versions)} products published")
    customer_ids = _people_create(count=customer_count, rng=rng, today=today, progress=progress)
    stories = _stories_book(
        customer_ids=customer_ids, versions=versions, opened_on=opened_on, today=today, rng=rng, progress=progress
    )
    lines = lines_fill(
        customer_ids=customer_ids,
        effective_from=today - timedelta(days=HISTORY_DAYS + 30),
        today=opened_on,
        rng=Random(seed),
    )
    progress(f"{lines} credit lines with their drawdowns")
    _days_live(stories=stories, opened_on=opened_on, today=today, progress=progress)
    acted = servicing_fill(today=business_date())
    progress(f"settlements, freezes and quotes on {acted} loans, a rate change announced")


def _products_create(*, effective_from: date) -> dict[str, ProductVersion]:
    versions = {}
    for item in PRODUCTS:
        product = product_create(code=item.code, name=item.name)
        versions[item.code] = product_version_publish(
            product=product,
            terms_template=terms_to_dict(item.terms),
            principal_min_paise=min(item.principal_paise),
            principal_max_paise=max(item.principal_paise),
            rate_min_pct=min(item.rates_pct),
            rate_max_pct=max(item.rates_pct),
            instalment_count_min=min(item.instalment_counts),
            instalment_count_max=max(item.instalment_counts),
            effective_from=effective_from,
            reason="Opening of the demo lender",
        )
    return versions


def _people_create(*, count: int, rng: Random, today: date, progress: Progress) -> list[int]:
    people = list(generate_people(count=count, rng=rng, today=today))
    ids: list[int] = []
    for batch in _batches(people):
        with transaction.atomic():
            customers = customers_create_many(customers=[person.customer for person in batch])
            for customer, person in zip(customers, batch, strict=True):
                _contacts_add(customer=customer, person=person)
        ids += [customer.pk for customer in customers]
        progress(f"{len(ids):,} of {count:,} customers")
    return ids


def _contacts_add(*, customer: Customer, person: Person) -> None:
    address_add(
        customer=customer,
        line_1=person.street,
        city=person.city,
        state_code=person.customer.state_code,
        pin_code=person.pin_code,
    )
    bank_account_add(customer=customer, account_number=person.account_number, ifsc=person.ifsc)


def _stories_book(
    *,
    customer_ids: Sequence[int],
    versions: dict[str, ProductVersion],
    opened_on: date,
    today: date,
    rng: Random,
    progress: Progress,
) -> list[_Story]:
    """Book every history up to the opening day in batches; return the stories that go on after it."""
    stories: list[_Story] = []
    for number, batch in enumerate(_batches(customer_ids)):
        told = [
            story
            for customer_id in batch
            for story in _customer_stories(
                customer_id=customer_id, versions=versions, opened_on=opened_on, today=today, rng=rng
            )
        ]
        loans_book_many(
            drafts=[story.draft for story in told], batch_key=f"demo:{number}", reason="Opening of the demo lender"
        )
        stories += told
        progress(f"{len(stories):,} loans with their histories")
    return stories


def _customer_stories(
    *, customer_id: int, versions: dict[str, ProductVersion], opened_on: date, today: date, rng: Random
) -> Iterator[_Story]:
    """Tell the loans of one customer, who keeps his temperament."""
    temperament = draw_temperament(rng)
    for serial in range(rng.choices((1, 2, 3), weights=(80, 16, 4))[0]):
        product = rng.choices(PRODUCTS, weights=[item.share for item in PRODUCTS])[0]
        disbursed_on = today - timedelta(days=rng.randrange(1, HISTORY_DAYS))
        terms = _draw_terms(product=product, version=versions[product.code], disbursed_on=disbursed_on, rng=rng)
        facts = tell_history(terms=terms, disbursed_on=disbursed_on, until=today, temperament=temperament, rng=rng)
        past = tuple(fact for fact in facts if fact.value_date < opened_on)
        yield _Story(
            draft=LoanDraft(
                key=f"demo:{customer_id}:{serial}",
                customer_id=customer_id,
                product_version=versions[product.code],
                terms=terms,
                sanctioned_on=min(disbursed_on, opened_on),
                facts=past,
            ),
            live=facts[len(past) :],
        )


def _draw_terms(*, product: DemoProduct, version: ProductVersion, disbursed_on: date, rng: Random) -> Terms:
    return terms_for_loan(
        version=version,
        principal_paise=rng.choice(product.principal_paise),
        annual_rate_pct=rng.choice(product.rates_pct),
        instalment_count=rng.choice(product.instalment_counts),
        first_due_date=_first_due_date(product=product, disbursed_on=disbursed_on),
    )


def _first_due_date(*, product: DemoProduct, disbursed_on: date) -> date:
    """The product's due day of the next month, of the month after for a loan of the month's last days; or in a week."""
    if product.due_day is None:
        return disbursed_on + timedelta(days=7)
    first_of_next = (disbursed_on.replace(day=1) + timedelta(days=32)).replace(day=1)
    if disbursed_on.day > 20:
        first_of_next = (first_of_next + timedelta(days=32)).replace(day=1)
    return first_of_next.replace(day=product.due_day)


def _days_live(*, stories: Sequence[_Story], opened_on: date, today: date, progress: Progress) -> None:
    """Post what happens on each of the last days and close the day, up to the eve of today."""
    loans = dict(Loan.objects.filter(idempotency_key__startswith="demo:").values_list("idempotency_key", "pk"))
    waiting = {loans[story.draft.key]: list(story.live) for story in stories if story.live}
    for offset in range((today - opened_on).days + 1):
        day = opened_on + timedelta(days=offset)
        posted = sum(_live_day(loan_id=loan_id, facts=facts, day=day) for loan_id, facts in waiting.items())
        if day < today:
            day_end_run(to_date=day)
            progress(f"{day:%d %b %Y} lived: {posted} entries posted, day closed")


def _live_day(*, loan_id: int, facts: list[Fact], day: date) -> int:
    """Post a loan's entries of one day in their order; an act that this story has no button for ends the story."""
    posted = 0
    while facts and facts[0].value_date <= day:
        fact = facts.pop(0)
        try:
            is_posted = _live_post(loan_id=loan_id, fact=fact) is not None
        except KistError:
            # The day-ends in between may have left nothing to waive, or closed the loan: the borrower leaves it.
            is_posted = False
        if not is_posted:
            facts.clear()
        posted += is_posted
    return posted


def _live_post(*, loan_id: int, fact: Fact) -> LoanFact | None:
    """Post one entry as staff would; None for an act that the demo leaves to them."""
    key = f"demo:{loan_id}:live:{fact.sequence}"
    match fact:
        case Disburse() | Receive() | Recover() | Settle():
            return _MONEY[type(fact)](
                loan_id=loan_id,
                idempotency_key=key,
                amount_paise=fact.amount_paise,
                value_date=fact.value_date,
                reference=fact.reference,
                reason="Compromise with a borrower out of work" if isinstance(fact, Settle) else "",
            )
        case Charge():
            return charge_levy(
                loan_id=loan_id,
                idempotency_key=key,
                code=fact.code,
                value_date=fact.value_date,
                reason="Agreed charge",
            )
        case Bounce():
            return bounce_record(
                loan_id=loan_id,
                idempotency_key=key,
                value_date=fact.value_date,
                reference=fact.reference,
                receipt_sequence=fact.receipt_sequence,
                reason_code=fact.reason_code,
            )
        case Waive():
            return waiver_grant(
                loan_id=loan_id,
                idempotency_key=key,
                component=fact.component,
                amount_paise=fact.amount_paise,
                value_date=fact.value_date,
                reason="Paid up after a hard time",
            )
        case WriteOff():
            return loan_write_off(
                loan_id=loan_id,
                idempotency_key=key,
                value_date=fact.value_date,
                is_technical=True,
                reason="No payment for half a year",
            )
    return None


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]
