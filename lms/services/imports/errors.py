"""Refusals of a whole import: the file, its map, or the batch; rows have problems of their own (`problems.py`)."""

from core.errors import KistError


class ImportFileEmpty(KistError):
    """The file has no rows."""

    code = "lms.import_file_empty"
    template = "The file has no rows. Send a file with a header line and one line per loan."


class ImportFileTooLarge(KistError):
    """The file is larger than the limit."""

    code = "lms.import_file_too_large"
    http_status = 413
    template = (
        "The file has {size_mb} MB, the limit is {limit_mb} MB. Split it into parts, "
        "or raise IMPORT_MAX_MB if the machine is meant for it."
    )


class ImportRowsTooMany(KistError):
    """The file has more rows than one import takes."""

    code = "lms.import_rows_too_many"
    http_status = 413
    template = "The file has more than {limit} rows. Split it into parts."


class ImportFileEncoding(KistError):
    """The file is not UTF-8 text."""

    code = "lms.import_file_encoding"
    template = "Line {line} is not UTF-8 text. Save the file again as CSV UTF-8, or send it as XLSX."


class ImportFileNul(KistError):
    """The file holds NUL bytes."""

    code = "lms.import_file_nul"
    template = "Line {line} holds a NUL byte: the file is damaged or not a text file. Export it again as CSV UTF-8."


class ImportFileMalformed(KistError):
    """The text is not CSV."""

    code = "lms.import_file_malformed"
    template = "Line {line} cannot be read as CSV: {problem}. Correct the line and send the file again."


class ImportWorkbookUnreadable(KistError):
    """The workbook cannot be opened."""

    code = "lms.import_workbook_unreadable"
    template = "The workbook cannot be read: {problem}. Save it again as XLSX without a password, or as CSV UTF-8."


class ImportSheetMissing(KistError):
    """The workbook lacks the sheet that the map names."""

    code = "lms.import_sheet_missing"
    template = "The workbook has no sheet '{sheet}'; it has: {sheets}. Correct the name in the map."


class ImportHeaderInvalid(KistError):
    """The header line has an empty or repeated name."""

    code = "lms.import_header_invalid"
    template = "Column {position} of the header is {problem}. Give every column a name of its own."


class ImportColumnsMissing(KistError):
    """Columns that the map names are not in the file."""

    code = "lms.import_columns_missing"
    template = "The file lacks columns that the map names: {columns}. Correct the map, or choose the right file."


class ImportColumnsUnmapped(KistError):
    """Columns of the file are not in the map."""

    code = "lms.import_columns_unmapped"
    template = "The map says nothing about these columns: {columns}. Map them, or list them under ignore."


class ImportMapInvalid(KistError):
    """The map does not follow its format."""

    code = "lms.import_map_invalid"
    template = "The map is wrong at line {line}, column {column}: {problem}"


class ImportBatchUnknown(KistError):
    """There is no such import."""

    code = "lms.import_batch_unknown"
    http_status = 404
    template = "There is no import {batch}. Check the number."


class ImportBatchRejected(KistError):
    """Rows were rejected, and nobody said that they may stay out."""

    code = "lms.import_batch_rejected"
    http_status = 409
    template = (
        "{rejected} of {rows} rows are rejected, so nothing was imported. Correct the file and send it again, "
        "or import the others with --skip-rejected; the rejected ones are listed in the report."
    )


class ImportBatchNotChecked(KistError):
    """The batch has no finished dry run."""

    code = "lms.import_batch_not_checked"
    http_status = 409
    template = "Import {batch} has no finished dry run. Run the dry run first, look at its report, then commit."


class ImportSnapshotInFuture(KistError):
    """The loans would be taken over after today."""

    code = "lms.import_snapshot_in_future"
    template = (
        "The snapshot date {snapshot_date} of the map is after the business date {business_date}. "
        "Import on that day, or correct the map."
    )


class ImportProductDiffers(KistError):
    """The product exists with other terms than the map's."""

    code = "lms.import_product_differs"
    http_status = 409
    template = (
        "Product {product} exists with another {what} than the map's. Choose another code in the map, "
        "or make the map agree with the product."
    )


class ImportCheckOvertaken(KistError):
    """A newer dry run of the same batch has begun."""

    code = "lms.import_check_overtaken"
    http_status = 409
    template = "Another dry run of import {batch} has begun. Look at its result."
