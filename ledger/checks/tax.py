"""The tax register against the ledger: every document has its journal, to the paisa, and no number is missing."""

from collections.abc import Iterator
from typing import Any, Final

from django.db import connection

from ledger.checks.report import OFFENCES_SHOWN
from ledger.models import TaxDocumentReason

_TAXES: Final = (("2311.", "cgst_paise"), ("2312.", "sgst_paise"), ("2313.", "igst_paise"))
# One line for each document whose journal differs on an account of a tax: what it says, and what its journal posted.
_DOCUMENTS = """
SELECT d.number FROM ledger_taxdocument d
LEFT JOIN ledger_journal j ON j.reference_type = 'ledger.taxdocument' AND j.reference_id = d.id
LEFT JOIN ledger_transfer t ON t.journal_id = j.id
LEFT JOIN ledger_account a
  ON a.id = CASE WHEN d.kind = 'CREDIT_NOTE' THEN t.debit_account_id ELSE t.credit_account_id END
LEFT JOIN ledger_account o
  ON o.id = CASE WHEN d.kind = 'CREDIT_NOTE' THEN t.credit_account_id ELSE t.debit_account_id END
GROUP BY d.id, d.number, d.kind, d.reason, d.supplier_state, d.issued_on, d.cgst_paise, d.sgst_paise, d.igst_paise
HAVING COUNT(DISTINCT j.id) <> CASE WHEN d.cgst_paise + d.sgst_paise + d.igst_paise > 0 THEN 1 ELSE 0 END
  OR COALESCE(SUM(t.amount_paise), 0) <> d.cgst_paise + d.sgst_paise + d.igst_paise
  {differences}
  OR MIN(j.booked_on) <> d.issued_on
  OR SUM(CASE WHEN o.code = CASE WHEN d.reason IN ({waivers}) THEN '5115' ELSE '2310' END THEN 0 ELSE 1 END)
     <> CASE WHEN COUNT(t.id) = 0 THEN 1 ELSE 0 END
LIMIT %s
"""
_DIFFERENCE = (
    "OR COALESCE(SUM(CASE WHEN SUBSTR(a.code, 1, 5) = '{prefix}' AND SUBSTR(a.code, 6) = d.supplier_state "
    "THEN t.amount_paise ELSE 0 END), 0) <> d.{column}"
)
_STRAYS = """
SELECT j.id FROM ledger_journal j LEFT JOIN ledger_taxdocument d ON d.id = j.reference_id
WHERE j.reference_type = 'ledger.taxdocument' AND d.id IS NULL LIMIT %s
"""
_GAPS = """
SELECT series, COUNT(*), MIN(serial), MAX(serial) FROM ledger_taxdocument GROUP BY series
HAVING COUNT(*) <> MAX(serial) OR MIN(serial) <> 1 LIMIT %s
"""
_UNINVOICED = """
SELECT (SELECT COALESCE(SUM(c.amount_paise), 0) FROM ledger_transfer c
        JOIN ledger_account a ON a.id = c.credit_account_id WHERE a.code = '2310')
     - (SELECT COALESCE(SUM(d.amount_paise), 0) FROM ledger_transfer d
        JOIN ledger_account a ON a.id = d.debit_account_id WHERE a.code = '2310')
"""


def register_equals_ledger() -> Iterator[str]:
    """G: documents and journals agree one by one, numbers have no gap, and no charged tax is without a document.

    The register of a month adds documents up, and its accounts add their journals up: where each document agrees
    with its journal in account, amount and day, every month agrees.
    """
    for (number,) in _rows(_documents_sql(), OFFENCES_SHOWN):
        yield f"document {number}: its journal is missing, doubled, or has other accounts, amounts or another day"
    for (journal_id,) in _rows(_STRAYS, OFFENCES_SHOWN):
        yield f"journal {journal_id}: the tax document that it is about does not exist"
    for series, count, first, last in _rows(_GAPS, OFFENCES_SHOWN):
        yield f"series {series}: {count} documents are numbered {first} to {last}"
    if amount := int(_rows(_UNINVOICED)[0][0]):
        yield f"account 2310: {amount} paise of tax are charged and on no document"


def _documents_sql() -> str:
    differences = "\n  ".join(_DIFFERENCE.format(prefix=prefix, column=column) for prefix, column in _TAXES)
    waivers = f"'{TaxDocumentReason.WAIVED}', '{TaxDocumentReason.WAIVER_REVERSED}'"
    return _DOCUMENTS.format(differences=differences, waivers=waivers)


def _rows(sql: str, *parameters: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
