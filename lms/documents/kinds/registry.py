"""Every kind of document with its series of numbers, what it has to be told, and how it is made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ledger.models import TaxDocumentKind
from lms.documents.blocks import Block
from lms.documents.cases import Case, Figures
from lms.documents.kinds.closing import foreclosure_blocks, foreclosure_figures, no_dues_blocks, no_dues_figures
from lms.documents.kinds.gst import tax_blocks, tax_figures
from lms.documents.kinds.interest import interest_blocks, interest_figures
from lms.documents.kinds.receipt import receipt_blocks, receipt_figures
from lms.documents.kinds.schedule import schedule_blocks, schedule_figures
from lms.documents.kinds.statement import statement_blocks, statement_figures
from lms.documents.texts import Wording
from lms.models.document import DocumentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRule:
    """How one kind is made.

    `prefix` begins its numbers; `needs` and `takes` name the fields of the subject that it must and may be told;
    `is_bulk`: a job may issue it for many loans. `is_bound_to_day`: entries valued after its day change nothing.
    `is_dated_ahead`: its day may lie after the last day that the loan is worked out for.
    """

    prefix: str
    figures: Callable[[Case], Figures]
    blocks: Callable[[Figures, Wording], list[Block]]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    is_bulk: bool = False
    is_bound_to_day: bool = True
    is_dated_ahead: bool = False


KINDS: Final[dict[DocumentKind, KindRule]] = {
    DocumentKind.SCHEDULE: KindRule(
        prefix="SCH", figures=schedule_figures, blocks=schedule_blocks, takes=("as_of",), is_bulk=True
    ),
    DocumentKind.STATEMENT: KindRule(
        prefix="SOA", figures=statement_figures, blocks=statement_blocks, takes=("from_date", "as_of"), is_bulk=True
    ),
    DocumentKind.RECEIPT: KindRule(
        prefix="RCT", figures=receipt_figures, blocks=receipt_blocks, needs=("sequence",), is_bound_to_day=False
    ),
    DocumentKind.INTEREST: KindRule(
        prefix="INT", figures=interest_figures, blocks=interest_blocks, needs=("year",), is_bulk=True
    ),
    DocumentKind.FORECLOSURE: KindRule(
        prefix="FCL",
        figures=foreclosure_figures,
        blocks=foreclosure_blocks,
        takes=("as_of", "quote"),
        is_dated_ahead=True,
    ),
    DocumentKind.NO_DUES: KindRule(
        prefix="NDC", figures=no_dues_figures, blocks=no_dues_blocks, is_bulk=True, is_bound_to_day=False
    ),
    DocumentKind.GST_INVOICE: KindRule(
        prefix="TXI", figures=tax_figures(TaxDocumentKind.INVOICE), blocks=tax_blocks, needs=("tax_number",)
    ),
    DocumentKind.GST_CREDIT_NOTE: KindRule(
        prefix="TXC", figures=tax_figures(TaxDocumentKind.CREDIT_NOTE), blocks=tax_blocks, needs=("tax_number",)
    ),
    DocumentKind.GST_DEBIT_NOTE: KindRule(
        prefix="TXD", figures=tax_figures(TaxDocumentKind.DEBIT_NOTE), blocks=tax_blocks, needs=("tax_number",)
    ),
}
