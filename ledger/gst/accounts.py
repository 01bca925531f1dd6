"""The accounts of the tax: what loans charged, and what is owed to whom by registration."""

from collections.abc import Mapping
from typing import Final

from core.states import State
from ledger.chart import GST_CHARGED, GST_ELSEWHERE, GST_GIVEN_BACK, GST_LINES, ChartLine
from ledger.models import Account, AccountKind
from ledger.services.charts import accounts_create

CGST: Final = "2311"
SGST: Final = "2312"
IGST: Final = "2313"
_NAMES: Final = {CGST: "CGST payable", SGST: "SGST payable", IGST: "IGST payable"}


def payable_code(*, tax: str, state_code: str) -> str:
    """Return the code of the account of a tax in a state, such as 2311.MH."""
    return f"{tax}.{state_code}"


def gst_accounts_create(*, state: State) -> None:
    """Create the accounts that a registration in a state needs; those that exist stay as they are."""
    lines = [
        ChartLine(payable_code(tax=tax, state_code=state.code), f"{name}: {state.name}", AccountKind.LIABILITY)
        for tax, name in _NAMES.items()
    ]
    accounts_create(lines=[*GST_LINES, *lines])


def gst_account_ids(*, state_code: str) -> Mapping[str, int]:
    """Return the keys of the accounts that documents of a state post to, by code without the state."""
    codes = {payable_code(tax=tax, state_code=state_code): tax for tax in _NAMES}
    codes |= {code: code for code in (GST_CHARGED, GST_GIVEN_BACK, GST_ELSEWHERE)}
    found = dict(Account.objects.filter(code__in=codes).values_list("code", "pk"))
    missing = codes.keys() - found.keys()
    assert not missing, f"Accounts {sorted(missing)} are missing; run chart_seed."  # noqa: S101  # created with the registration
    return {codes[code]: key for code, key in found.items()}
