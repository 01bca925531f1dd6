"""Import of loans from another book: read, map, check, replay, report, and commit in chunks."""

from lms.services.imports.batches import batch_line, import_batch, import_batch_create
from lms.services.imports.checking import import_dry_run
from lms.services.imports.committing import import_commit
from lms.services.imports.reports import causes_count, report_csv, report_xlsx

__all__ = [
    "batch_line",
    "causes_count",
    "import_batch",
    "import_batch_create",
    "import_commit",
    "import_dry_run",
    "report_csv",
    "report_xlsx",
]
