"""Why one row is rejected: stable codes and words that say what to do."""

from dataclasses import dataclass
from typing import Final

PROBLEMS: Final[dict[str, str]] = {
    "row_ragged": "The line has {found} cells, the header has {expected}. Correct the line.",
    "cell_missing": "The cell is empty. Fill it in.",
    "cell_too_long": "The cell has {length} characters, at most {limit} fit. Shorten it.",
    "cell_formula": "The text begins with '{first}', as a formula does. Remove that character.",
    "cell_control_character": "The text holds a control character. Remove it.",
    "money_invalid": "'{text}' is not an amount. Write digits with at most two decimals.",
    "money_three_decimals": "'{text}' has more than two decimals. Round it, or say decimals: round in the map.",
    "money_negative": "'{text}' is below zero. Correct the amount.",
    "money_too_large": "'{text}' is above what one loan can hold. Check the unit of the amount.",
    "rate_invalid": "'{text}' is not a yearly rate in per cent, 0 to 100, with at most four decimals.",
    "count_invalid": "'{text}' is not a whole number from 0 to 1200.",
    "date_invalid": "'{text}' is not a date of the calendar in the form {format}.",
    "month_invalid": "'{text}' is not a month in the form {format}.",
    "status_unknown": "'{text}' is not among the statuses of the map. Add it to the map.",
    "reference_repeated": "The reference stands in line {other} too. One line per loan; remove the wrong one.",
    "reference_in_book": "Loan {loan} of the book has this reference with other content. Correct the reference.",
    "principal_zero": "The amount lent is zero. Correct it.",
    "instalment_zero": "The instalment or the number of instalments is zero. Correct it.",
    "instalment_too_small": "The instalment does not cover the first interest. Correct instalment or rate.",
    "balance_above_principal": "The balance is above the amount lent. Correct one of them.",
    "balance_of_closed": "A loan that is closed or written off has a balance of {balance}. Correct status or balance.",
    "claim_missing": "The principal of a loan written off is paid in full. Correct status or paid principal.",
    "disbursal_after_snapshot": "The disbursal {disbursed_on} is not before the snapshot date {snapshot_date}.",
    "instalments_too_many": "{paid} instalments are paid, the loan has {count}. Correct one of them.",
    "outside_product": "{figure} {value} is outside the limits of the product in the map, {low} to {high}.",
    "customer_invalid": "The customer is refused: {problem}",
    "customer_number_taken": "Another customer has the number {number}. Map a column to customer_number.",
    "engine_refused": "The loan cannot be replayed: {problem} ({engine_code})",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a row is rejected; `column` is the file's name of it, empty for the row as a whole."""

    column: str
    code: str
    message: str


class CellRefused(ValueError):
    """A cell does not hold what its field needs."""

    def __init__(self, code: str, **context: object) -> None:
        self.code = code
        self.message = PROBLEMS[code].format(**context)
        super().__init__(self.message)


def problem(column: str, code: str, **context: object) -> Problem:
    """Describe one problem of a row in the words of its code."""
    return Problem(column, code, PROBLEMS[code].format(**context))
