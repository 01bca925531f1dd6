"""Short makers of terms and facts for the engine's tests; amounts in paise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lms.engine.facts import Disburse, Fact, Receive
from lms.engine.replay import replay
from lms.engine.state import LoanState
from lms.engine.terms import Terms

START = date(2025, 1, 15)


def terms(**settings: Any) -> Terms:
    """Give a loan of 1,00,000 rupees at 12 % over 12 months, with other settings as named."""
    given: dict[str, Any] = {
        "principal_paise": 1_00_000_00,
        "annual_rate_pct": Decimal(12),
        "instalment_count": 12,
        **settings,
    }
    return Terms(**given)


def lent(amount_paise: int = 1_00_000_00, *, on: date = START, sequence: int = 1) -> Disburse:
    """Give a disbursal."""
    return Disburse(sequence=sequence, value_date=on, amount_paise=amount_paise)


def paid(sequence: int, on: date, amount_paise: int, **more: Any) -> Receive:
    """Give a receipt."""
    return Receive(sequence=sequence, value_date=on, amount_paise=amount_paise, **more)


def state(loan: Terms, *facts: Fact, as_of: date) -> LoanState:
    """Replay facts."""
    return replay(terms=loan, facts=facts, as_of=as_of)
