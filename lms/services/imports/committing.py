"""The commit: loans enter the book in chunks that are whole or not there; a killed run goes on where it was."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from core import audit
from core.business_date import business_date
from core.clock import database_now
from core.errors import KistError
from core.transactions import run_in_transaction
from customers.selectors import customers_by_numbers
from customers.services import CustomerData, customers_create_many
from lms.engine.terms import Terms
from lms.locks import import_batches_for_update
from lms.models import ImportBatch, ImportRow, ProductVersion
from lms.services.bulk import LoanDraft, loans_book_many
from lms.services.imports.batches import import_batch
from lms.services.imports.checking import CHUNK, Progress
from lms.services.imports.errors import ImportBatchNotChecked, ImportBatchRejected, ImportSnapshotInFuture
from lms.services.imports.examine import loan_standing, template_of
from lms.services.imports.mapping import ImportMap, map_read
from lms.services.imports.products import product_ensure
from lms.services.imports.rows import LoanRow, customer_of, row_from_json

_State = ImportBatch.State


@dataclass(frozen=True, slots=True)
class _Order:
    """What every chunk of a commit needs."""

    import_map: ImportMap
    template: Terms
    version: ProductVersion
    actor: User | None
    reason: str
    chunk_rows: int


def import_commit(
    *,
    batch_id: int,
    actor: User | None = None,
    reason: str = "",
    is_skipping_rejected: bool = False,
    progress: Progress | None = None,
    chunk_rows: int = CHUNK,
) -> ImportBatch:
    """Enter the loans of a checked batch into the book, about 500 in a transaction.

    Each loan is taken over on the snapshot date with the tape's own balance; opening balances go to the ledger
    against the clearing account of the product. A run that is stopped at any moment is continued by the next call;
    a finished batch is left as it is.

    Args:
        is_skipping_rejected: leave rejected rows out; without it one rejected row keeps the whole batch out.
        progress: called after every chunk with the batch as it stands.
        chunk_rows: rows in a transaction.

    Raises:
        ImportBatchUnknown, ImportBatchNotChecked, ImportBatchRejected: the batch is not fit for it.
        ImportSnapshotInFuture: the loans would be taken over after the business date.
        ImportProductDiffers: the product of the map is in the book with other terms.
        The refusals of `loans_book_many` and `customers_create_many`; chunks before them stay.
    """
    batch = import_batch(batch_id=batch_id)
    if batch.state == _State.COMMITTED:
        return batch
    try:
        _check(batch, is_skipping_rejected)
        import_map = map_read(text=batch.map_text)
        version = product_ensure(rule=import_map.product, actor=actor)
        order = _Order(import_map, template_of(import_map=import_map), version, actor, reason, chunk_rows)
        batch = run_in_transaction(lambda: _begin(batch_id, actor, reason, is_skipping_rejected))
        while batch.state == _State.COMMITTING:
            batch = run_in_transaction(lambda: _chunk_commit(batch_id, order))
            if progress and batch.state == _State.COMMITTING:
                progress(batch)
        return batch
    except KistError as refused:
        ImportBatch.objects.filter(pk=batch_id).update(refusal=refused.message)
        raise


def _check(batch: ImportBatch, is_skipping_rejected: bool) -> None:
    if batch.state not in (_State.CHECKED, _State.COMMITTING):
        raise ImportBatchNotChecked(batch=batch.pk)
    if batch.rejected and not (is_skipping_rejected or batch.is_skipping_rejected):
        raise ImportBatchRejected(rejected=batch.rejected, rows=batch.rows_total)
    if batch.snapshot_date > (today := business_date()):
        raise ImportSnapshotInFuture(snapshot_date=batch.snapshot_date, business_date=today)


def _begin(batch_id: int, actor: User | None, reason: str, is_skipping_rejected: bool) -> ImportBatch:
    batch = import_batches_for_update().get(pk=batch_id)
    if batch.state == _State.CHECKED:
        batch.state, batch.is_skipping_rejected = _State.COMMITTING, is_skipping_rejected
        batch.rows_done = batch.rejected + batch.unchanged
        audit.record(
            actor=actor,
            action="lms.import_commit",
            obj=batch,
            reason=reason,
            detail={"rows": batch.rows_total, "rejected": batch.rejected, "unchanged": batch.unchanged},
        )
    batch.refusal = ""
    batch.save(update_fields=["state", "is_skipping_rejected", "rows_done", "refusal"])
    return batch


def _chunk_commit(batch_id: int, order: _Order) -> ImportBatch:
    """Book the next rows that are ready, or finish the batch when none is left; the batch's lock keeps others out."""
    batch = import_batches_for_update().get(pk=batch_id)
    if batch.state != _State.COMMITTING:
        return batch
    rows = list(batch.rows.filter(state=ImportRow.State.READY).order_by("line")[: order.chunk_rows])
    if not rows:
        batch.state, batch.committed_at = _State.COMMITTED, database_now()
        batch.save(update_fields=["state", "committed_at"])
        return batch
    _book(batch, rows, order)
    batch.rows_done += len(rows)
    batch.save(update_fields=["rows_done"])
    return batch


def _book(batch: ImportBatch, rows: Sequence[ImportRow], order: _Order) -> None:
    tape = [row_from_json(values=row.values) for row in rows]
    people = [
        customer_of(row=item, line_number=row.line, import_map=order.import_map)
        for row, item in zip(rows, tape, strict=True)
    ]
    customer_ids = _customers(people, tape)
    drafts = [_draft(item, customer_id, order) for item, customer_id in zip(tape, customer_ids, strict=True)]
    content = f"{batch.file_hash[:16]}:{batch.map_hash[:16]}"
    batch_key = f"lms.import:{content}:{rows[0].line}-{rows[-1].line}"
    loans = loans_book_many(drafts=drafts, batch_key=batch_key, reason=order.reason, actor=order.actor)
    for row, loan in zip(rows, loans, strict=True):
        row.loan, row.state = loan, ImportRow.State.IMPORTED
    ImportRow.objects.bulk_update(rows, ["loan", "state"], batch_size=CHUNK)


def _customers(people: Sequence[CustomerData], tape: Sequence[LoanRow]) -> list[int]:
    """Return the customer of each row, created now unless the tape names one that the book has."""
    named = [row.customer_number for row in tape if row.customer_number]
    known = customers_by_numbers(numbers=named)
    # A customer without a number gets one of our series, and is the borrower of one loan.
    keys = [person.number or f"\0{place}" for place, person in enumerate(people)]
    new = {key: person for key, person in zip(keys, people, strict=True) if key not in known}
    created = customers_create_many(customers=list(new.values()))
    known |= {key: customer.pk for key, customer in zip(new, created, strict=True)}
    return [known[key] for key in keys]


def _draft(row: LoanRow, customer_id: int, order: _Order) -> LoanDraft:
    standing = loan_standing(row=row, template=order.template, import_map=order.import_map)
    return LoanDraft(
        key=f"import:{row.reference}",
        customer_id=customer_id,
        product_version=order.version,
        terms=standing.terms,
        sanctioned_on=standing.disbursed_on,
        facts=standing.facts,
        external_reference=row.reference,
    )
