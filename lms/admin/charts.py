"""What the charts draw: rupees, because an axis needs no paise."""

from collections.abc import Sequence

from lms.engine.state import Instalment


def schedule_chart(rows: Sequence[Instalment]) -> dict[str, list[object]]:
    """Return principal and interest of each row as bars, and the balance after it as a line."""
    return {
        "labels": [f"{row.due_date:%b %y}" for row in rows],
        "principal": [row.due.principal // 100 for row in rows],
        "interest": [row.due.interest // 100 for row in rows],
        "balance": [row.balance_after_paise // 100 for row in rows],
    }
