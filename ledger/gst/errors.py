"""Refusals about goods and services tax."""

from core.errors import KistError


class StateUnknown(KistError):
    """A supply needs a place, and the recorded state is none."""

    code = "ledger.state_unknown"
    http_status = 422
    template = "The recorded state '{state_code}' is no state, so the place of supply is unknown. Correct the address."


class GstRegistrationMissing(KistError):
    """Nobody may collect tax without a registration."""

    code = "ledger.gst_registration_missing"
    http_status = 422
    template = (
        "On {on_date} there is no GST registration that supplies borrowers in {state}. "
        "Publish one under Ledger > GST registrations."
    )


class GstinInvalid(KistError):
    """The number is no GSTIN of the state."""

    code = "ledger.gstin_invalid"
    http_status = 422
    template = "'{gstin}' is no GSTIN of {state}: {problem}. Copy it from the registration certificate."


class GstRegistrationOverlaps(KistError):
    """A state has one registration that begins on a day, and one principal place at a time."""

    code = "ledger.gst_registration_overlaps"
    http_status = 409
    template = "The registration of {state} from {effective_from} overlaps another: {problem}."


class TaxRuleOverlaps(KistError):
    """Two rules for the same supply would begin on one day."""

    code = "ledger.tax_rule_overlaps"
    http_status = 409
    template = "A tax rule for {what} begins on {effective_from} already. Choose another day."


class TaxRuleInPast(KistError):
    """Documents were issued under the earlier rule."""

    code = "ledger.tax_rule_in_past"
    http_status = 409
    template = (
        "A rule for {what} from {effective_from} would change the tax of charges of {supplied_on}, which are invoiced. "
        "Choose a later day."
    )


class TaxRuleInvalid(KistError):
    """The rule cannot be."""

    code = "ledger.tax_rule_invalid"
    http_status = 422
    template = "This is no tax rule: {problem}."


class PenalChargeTaxed(KistError):
    """Penal charges bear no GST."""

    code = "ledger.penal_charge_taxed"
    http_status = 422
    template = "Penal charges bear no GST (Circular 245/02/2025-GST). Publish them as outside GST."


class TaxSeriesClosed(KistError):
    """A number of a financial year that is over would be given."""

    code = "ledger.tax_series_closed"
    http_status = 409
    template = (
        "The document would be dated {issued_on}, but {series} has one of {latest} already. "
        "Documents are issued in the order of their numbers; issue it with today's date."
    )


class TaxSeriesFull(KistError):
    """The numbers of a series are used up."""

    code = "ledger.tax_series_full"
    http_status = 409
    template = "Series {series} has no number after {last}: a number has at most 16 characters. Open another series."


class CreditNoteAboveInvoice(KistError):
    """A credit note gives back more than its invoice still asks for."""

    code = "ledger.credit_note_above_invoice"
    http_status = 422
    template = (
        "The credit note of {taxable_paise} paise and {tax_paise} paise of tax is above what is left of invoice "
        "{number}: {left_taxable_paise} and {left_tax_paise}. Credit at most that."
    )


class CreditNoteTooLate(KistError):
    """The law gives the tax of the invoice back no more."""

    code = "ledger.credit_note_too_late"
    http_status = 422
    template = (
        "The tax of invoice {number} could be taken back until {last_day}. What is given up now, the lender bears."
    )


class TaxAmountWrong(KistError):
    """The tax of a document does not follow from its value."""

    code = "ledger.tax_amount_wrong"
    http_status = 422
    template = (
        "Tax of {tax_paise} paise on {taxable_paise} paise is not what {rate_bps} basis points give: {expected_paise}."
    )
