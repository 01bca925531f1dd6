"""The dry run: every line parsed, replayed and compared; nothing enters the book."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, cast

from django.db.models import Count, Q

from core.clock import database_now
from core.errors import KistError
from core.transactions import run_in_transaction
from customers.selectors import customers_by_numbers
from lms.engine.terms import Terms
from lms.locks import import_batches_for_update
from lms.models import ImportBatch, ImportRow, Loan
from lms.services.imports.batches import file_limits, import_batch
from lms.services.imports.errors import ImportCheckOvertaken
from lms.services.imports.examine import Comparison, loan_examine, template_of
from lms.services.imports.mapping import ImportMap, map_read
from lms.services.imports.problems import Problem, problem
from lms.services.imports.products import product_check
from lms.services.imports.reading import TapeLine, tape_open
from lms.services.imports.rows import ParsedLine, customer_of, line_parse, row_hash, row_to_json

CHUNK = 500
Progress = Callable[[ImportBatch], None]


def import_dry_run(*, batch_id: int, progress: Progress | None = None, chunk_rows: int = CHUNK) -> ImportBatch:
    """Check every line of a batch and replay every loan; the rows keep problems, differences and guessed causes.

    A dry run may be repeated, and starts afresh; one of a batch whose commit has begun changes nothing.

    Args:
        progress: called after every chunk with the batch as it stands.
        chunk_rows: rows in a transaction.

    Returns:
        The batch with its counts.

    Raises:
        ImportBatchUnknown: there is no such batch.
        ImportProductDiffers: the product of the map is in the book with other terms.
        ImportCheckOvertaken: another dry run of the batch has begun.
        The refusals of `import_batch_create`, if the kept file is damaged.
    """
    batch = import_batch(batch_id=batch_id)
    if batch.state in (ImportBatch.State.COMMITTING, ImportBatch.State.COMMITTED):
        return batch
    run = run_in_transaction(lambda: _begin(batch_id))
    try:
        import_map = map_read(text=batch.map_text)
        product_check(rule=import_map.product)
        with batch.file.open("rb") as file:
            stream = cast(BinaryIO, file)
            with tape_open(file=stream, import_map=import_map, limits=file_limits()) as lines:
                for chunk in _chunks(lines, chunk_rows):
                    batch = _chunk_check(batch_id, run, chunk, import_map)
                    if progress:
                        progress(batch)
        return run_in_transaction(lambda: _finish(batch_id, run))
    except KistError as refused:
        ImportBatch.objects.filter(pk=batch_id, check_number=run).update(
            refusal=refused.message, state=ImportBatch.State.UPLOADED
        )
        raise


def _begin(batch_id: int) -> int:
    batch = import_batches_for_update().get(pk=batch_id)
    batch.rows.all().delete()
    batch.check_number += 1
    batch.state = ImportBatch.State.CHECKING
    batch.rows_checked = batch.instalment_exact = batch.balance_exact = batch.explained = batch.rejected = 0
    batch.unchanged, batch.refusal = 0, ""
    batch.save()
    return batch.check_number


def _chunks(lines: Iterator[TapeLine], size: int) -> Iterator[list[TapeLine]]:
    while chunk := list(islice(lines, size)):
        yield chunk


@dataclass(frozen=True, slots=True)
class _Known:
    """What a chunk is checked against: map and terms, and what the book has of its references and customers.

    `in_book` gives loan number and row hash by reference; the hash is empty for a loan born here.
    """

    import_map: ImportMap
    template: Terms
    in_book: Mapping[str, tuple[str, str]]
    customers_taken: Collection[str]


def _chunk_check(batch_id: int, run: int, lines: Sequence[TapeLine], import_map: ImportMap) -> ImportBatch:
    parsed = [line_parse(line=line, import_map=import_map) for line in lines]
    in_book = _in_book(parsed)
    known = _Known(
        import_map, template_of(import_map=import_map), in_book, _customers_taken(parsed, import_map, in_book)
    )
    rows = [_row(batch_id, line, known) for line in parsed]

    def save() -> ImportBatch:
        batch = _locked(batch_id, run)
        ImportRow.objects.bulk_create(rows, batch_size=CHUNK)
        batch.rows_checked += len(rows)
        batch.rows_total = max(batch.rows_total, batch.rows_checked)
        batch.save(update_fields=["rows_checked", "rows_total"])
        return batch

    return run_in_transaction(save)


def _locked(batch_id: int, run: int) -> ImportBatch:
    batch = import_batches_for_update().get(pk=batch_id)
    if batch.check_number != run:
        raise ImportCheckOvertaken(batch=batch_id)
    return batch


def _in_book(parsed: Iterable[ParsedLine]) -> dict[str, tuple[str, str]]:
    references = [line.reference for line in parsed if line.reference]
    numbers = dict(Loan.objects.filter(external_reference__in=references).values_list("external_reference", "number"))
    imported = ImportRow.objects.filter(reference__in=list(numbers), state=ImportRow.State.IMPORTED)
    hashes = dict(imported.values_list("reference", "content_hash"))
    return {reference: (number, hashes.get(reference, "")) for reference, number in numbers.items() if reference}


def _customers_taken(
    parsed: Iterable[ParsedLine], import_map: ImportMap, in_book: Mapping[str, tuple[str, str]]
) -> Collection[str]:
    """Return the numbers that new customers would get from their loans' references, but that others have."""
    numbers = [
        customer_of(row=line.row, line_number=line.number, import_map=import_map).number
        for line in parsed
        if line.row is not None and not line.row.customer_number and line.reference not in in_book
    ]
    return customers_by_numbers(numbers=[number for number in numbers if number])


def _row(batch_id: int, line: ParsedLine, known: _Known) -> ImportRow:
    saved = ImportRow(batch_id=batch_id, line=line.number, reference=line.reference[:64], state=ImportRow.State.READY)
    problems = list(line.problems)
    if line.row is not None:
        saved.values, saved.content_hash = row_to_json(row=line.row), row_hash(row=line.row)
        problems += _book_problems(saved, known)
        examined = loan_examine(row=line.row, template=known.template, import_map=known.import_map)
        if isinstance(examined, Problem):
            problems.append(examined)
        else:
            _comparison_set(saved, examined)
    _problems_set(saved, problems)
    return saved


def _book_problems(row: ImportRow, known: _Known) -> list[Problem]:
    """Compare a row with the book: the same content again is no problem, the row is marked as unchanged."""
    if row.reference in known.customers_taken:
        return [problem("", "customer_number_taken", number=row.reference)]
    if row.reference not in known.in_book:
        return []
    number, content_hash = known.in_book[row.reference]
    if content_hash != row.content_hash:
        return [problem("", "reference_in_book", loan=number)]
    row.state = ImportRow.State.UNCHANGED
    return []


def _problems_set(row: ImportRow, problems: Sequence[Problem]) -> None:
    row.problems = [{"column": item.column, "code": item.code, "message": item.message} for item in problems]
    if problems:
        row.state = ImportRow.State.REJECTED


def _comparison_set(row: ImportRow, compared: Comparison) -> None:
    row.instalments_paid = compared.instalments_paid
    row.instalment_paise = compared.instalment_paise
    row.instalment_difference_paise = compared.instalment_difference_paise
    row.balance_paise = compared.balance_paise
    row.balance_difference_paise = compared.balance_difference_paise
    row.is_instalment_exact = compared.is_instalment_exact
    row.is_balance_exact = compared.is_balance_exact
    row.cause = compared.cause.value
    row.detail = compared.detail[:300]
    row.is_explained = compared.is_explained


def _finish(batch_id: int, run: int) -> ImportBatch:
    batch = _locked(batch_id, run)
    _repeated_reject(batch)
    good = ~Q(state=ImportRow.State.REJECTED)
    counts = batch.rows.aggregate(
        rows_total=Count("pk"),
        rejected=Count("pk", filter=~good),
        unchanged=Count("pk", filter=Q(state=ImportRow.State.UNCHANGED)),
        instalment_exact=Count("pk", filter=good & Q(is_instalment_exact=True)),
        balance_exact=Count("pk", filter=good & Q(is_balance_exact=True)),
        explained=Count("pk", filter=good & Q(is_explained=True)),
    )
    for name, count in counts.items():
        setattr(batch, name, count)
    batch.balance_paise = sum(
        values["balance"] for values in batch.rows.filter(good).values_list("values", flat=True).iterator(CHUNK)
    )
    batch.state, batch.checked_at = ImportBatch.State.CHECKED, database_now()
    batch.save()
    return batch


def _repeated_reject(batch: ImportBatch) -> None:
    """Reject every line whose reference stands in another line too: which of them is right is not ours to say."""
    named = batch.rows.exclude(reference="")
    counted = named.values("reference").annotate(lines=Count("pk"))
    for reference in list(counted.filter(lines__gt=1).values_list("reference", flat=True)):
        rows = list(batch.rows.filter(reference=reference).order_by("line"))
        for row in rows:
            other = next(item.line for item in rows if item.line != row.line)
            found = problem("", "reference_repeated", other=other)
            row.problems = [*row.problems, {"column": "", "code": found.code, "message": found.message}]
            row.state = ImportRow.State.REJECTED
        ImportRow.objects.bulk_update(rows, ["problems", "state"], batch_size=CHUNK)
