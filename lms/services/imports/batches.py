"""Batches: a file and a map, kept together from the upload to the commit."""

import io
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File

from core import audit
from core.transactions import run_in_transaction
from lms.models import ImportBatch
from lms.services.imports.errors import ImportBatchUnknown
from lms.services.imports.mapping import ImportMap, map_read
from lms.services.imports.reading import FileFacts, FileLimits, file_check, tape_open

if TYPE_CHECKING:
    TapeFile = File[bytes]
else:
    TapeFile = File

_NAME_MAX = 120


def file_limits() -> FileLimits:
    """Return the limits of this installation."""
    return FileLimits(megabytes=settings.IMPORT_MAX_MB, rows=settings.IMPORT_MAX_ROWS)


def import_batch_create(*, file: TapeFile, map_text: str, actor: User | None = None) -> ImportBatch:
    """Keep a loan tape and its map for a dry run; the same file under the same map gives the first batch.

    Args:
        file: a CSV in UTF-8 or an XLSX; seekable, with a name.
        map_text: the map as YAML.

    Returns:
        The batch; what it says about its state holds for the file as a whole.

    Raises:
        ImportMapInvalid: the map does not follow its format.
        ImportFileEmpty, ImportFileTooLarge, ImportFileEncoding, ImportFileNul: the file cannot be a tape.
        ImportHeaderInvalid, ImportColumnsMissing, ImportColumnsUnmapped: file and map do not agree.
    """
    import_map = map_read(text=map_text)
    limits = file_limits()
    stream = cast(BinaryIO, file)
    facts = file_check(file=stream, limits=limits)
    with tape_open(file=stream, import_map=import_map, limits=limits):
        pass
    return run_in_transaction(lambda: _keep(file, facts, map_text, import_map, actor))


def import_batch(*, batch_id: int) -> ImportBatch:
    """Return one batch.

    Raises:
        ImportBatchUnknown: there is none of this key.
    """
    batch = ImportBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise ImportBatchUnknown(batch=batch_id)
    return batch


def batch_line(*, batch: ImportBatch) -> str:
    """Sum up a dry run in one line; loans in exact balance are within a paisa per instalment paid."""
    return (
        f"rows {batch.rows_total}, instalment exact {batch.instalment_exact}, balance exact {batch.balance_exact}, "
        f"explained {batch.explained}, rejected {batch.rejected}"
    )


def _keep(file: TapeFile, facts: FileFacts, map_text: str, import_map: ImportMap, actor: User | None) -> ImportBatch:
    earlier = ImportBatch.objects.filter(file_hash=facts.sha256, map_hash=import_map.text_hash).first()
    if earlier is not None:
        # The row is the proof that the file was seen; the file itself may have been lost with a machine.
        name = str(earlier.file.name)
        if not earlier.file.storage.exists(name):
            earlier.file.storage.save(name, _rewound(file))
        return earlier
    name = PurePath(file.name or "tape").name[-_NAME_MAX:]
    batch = ImportBatch(
        file_name=name,
        file_hash=facts.sha256,
        map_name=import_map.name,
        map_text=map_text,
        map_hash=import_map.text_hash,
        product_code=import_map.product.code,
        snapshot_date=import_map.snapshot_date,
        rows_total=max(facts.lines - 1, 0),
        created_by=actor,
    )
    batch.file.save(f"{facts.sha256[:16]}{PurePath(name).suffix[:8].lower()}", _rewound(file), save=False)
    batch.save()
    audit.record(
        actor=actor,
        action="lms.import_batch_create",
        obj=batch,
        detail={"file": name, "file_hash": facts.sha256, "map": import_map.name, "map_hash": import_map.text_hash},
    )
    return batch


def _rewound(file: TapeFile) -> TapeFile:
    file.seek(0, io.SEEK_SET)
    return file
