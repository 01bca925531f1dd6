"""Refusals of documents: what cannot be issued, shown or verified."""

from core.errors import KistError


class LenderProfileMissing(KistError):
    """Nobody has said yet how the lender is named on paper."""

    code = "lms.lender_profile_missing"
    http_status = 409
    template = "No lender profile is in force on {on_date}. Publish name, address and registration first."


class LenderProfileInPast(KistError):
    """Documents of earlier days were issued under the earlier profile."""

    code = "lms.lender_profile_in_past"
    http_status = 409
    template = "A lender profile cannot count from {effective_from}: the books are on {business_date}."


class LenderProfileDateTaken(KistError):
    """Another profile begins on that day."""

    code = "lms.lender_profile_date_taken"
    http_status = 409
    template = "Another lender profile begins on {effective_from}. Choose another day."


class LenderSiteInvalid(KistError):
    """The address of the site is not one that a phone can open."""

    code = "lms.lender_site_invalid"
    template = "The address of the site has to begin with http:// or https:// and to end without a slash."


class DocumentSubjectIncomplete(KistError):
    """The kind of document needs to be told more."""

    code = "lms.document_subject_incomplete"
    template = "A document of the kind {kind} needs the field {field}."


class DocumentDayInFuture(KistError):
    """The loan is not worked out for that day yet."""

    code = "lms.document_day_in_future"
    http_status = 409
    template = "Loan {loan} is worked out up to {latest}; a document as of {as_of} cannot be issued yet."


class DocumentPeriodInvalid(KistError):
    """The period ends before it begins."""

    code = "lms.document_period_invalid"
    template = "The period from {from_date} to {to_date} ends before it begins. Check both days."


class DocumentLoanNotLent(KistError):
    """No money was out on the day that the document is about."""

    code = "lms.document_loan_not_lent"
    http_status = 409
    template = "Nothing was lent on loan {loan} by {as_of}. Choose a later day."


class DocumentEntryUnknown(KistError):
    """The loan has no such entry."""

    code = "lms.document_entry_unknown"
    http_status = 404
    template = "Loan {loan} has no entry {sequence}. Check the number of the entry."


class DocumentEntryNoReceipt(KistError):
    """The entry is not money that the borrower paid."""

    code = "lms.document_entry_no_receipt"
    http_status = 409
    template = "Entry {sequence} of loan {loan} is not a payment. Choose the entry of a receipt."


class DocumentEntryReversed(KistError):
    """The payment did not last."""

    code = "lms.document_entry_reversed"
    http_status = 409
    template = "Entry {sequence} of loan {loan} was reversed: there is no receipt for it."


class DocumentYearEmpty(KistError):
    """The loan did not run in the financial year."""

    code = "lms.document_year_empty"
    http_status = 409
    template = "Loan {loan} did not run in the financial year {financial_year}."


class DocumentDuesOpen(KistError):
    """The loan is not paid up."""

    code = "lms.document_dues_open"
    http_status = 409
    template = "Loan {loan} was not closed by {as_of}: no-dues certificates are for loans that are paid or settled."


class DocumentTaxUnknown(KistError):
    """The loan has no such invoice or note."""

    code = "lms.document_tax_unknown"
    http_status = 404
    template = "Loan {loan} has no tax document {number} of this kind. Check the number."


class DocumentQuoteUnknown(KistError):
    """The loan has no such quote."""

    code = "lms.document_quote_unknown"
    http_status = 404
    template = "Loan {loan} has no foreclosure quote {number}. Check the number."


class DocumentQuoteStale(KistError):
    """The quote does not hold any more."""

    code = "lms.document_quote_stale"
    http_status = 409
    template = "Quote {number} has lapsed, or entries came after it. Make a new quote first."


class DocumentUnknown(KistError):
    """No document has this key or number."""

    code = "lms.document_unknown"
    http_status = 404
    template = "There is no document {document}. Check the number."


class DocumentNotReproducible(KistError):
    """The file made again is not the file that was issued."""

    code = "lms.document_not_reproducible"
    http_status = 409
    template = (
        "Document {number} was made with {renderer}; the program that is installed now gives another file. "
        "Restore the stored file, or issue the document again."
    )


class DocumentNotOutdated(KistError):
    """There is nothing to issue again."""

    code = "lms.document_not_outdated"
    http_status = 409
    template = "Document {number} still says what the book says, or was superseded or withdrawn. Nothing was issued."


class DocumentJobUnknown(KistError):
    """No job has this key."""

    code = "lms.document_job_unknown"
    http_status = 404
    template = "There is no document job {job}. Check the number."


class DocumentJobEmpty(KistError):
    """No loan would get a document."""

    code = "lms.document_job_empty"
    http_status = 409
    template = "No loan ran in the period. Check the year and the product."


class DocumentJobKind(KistError):
    """The kind is issued one by one only."""

    code = "lms.document_job_kind"
    template = "Documents of the kind {kind} are issued one by one. Choose another kind for a job."
