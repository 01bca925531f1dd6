"""Random values for every act of the registry, legal and illegal; a new act has to get its own here."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from core.business_date import business_date
from lms.models import Freeze, FreezeEffect, Loan, StoredQuote
from lms.services.foreclosures import foreclosure_quote
from lms.services.quotes import quote_of_day
from tests.factories.lms import next_key

Draw = Callable[[st.SearchStrategy[Any]], Any]

# Today most of the time, some days back, tomorrow, and before anything was lent.
_DAYS_BACK = st.sampled_from((0, 0, 0, 0, 1, 3, 11, 40, 0, 1, 75, -1, 400))
_WRONG_AMOUNTS = (0, -1, 10**18)
_RATES = st.sampled_from((Decimal(0), Decimal(12), Decimal("18.5"), Decimal(36), Decimal(49), Decimal("0.00001")))
_COMPONENTS = st.sampled_from(("INTEREST", "INTEREST", "FEE", "PENAL", "PRINCIPAL", "TAX"))


def _day(draw: Draw) -> date:
    return business_date() - timedelta(days=draw(_DAYS_BACK))


def _amount(draw: Draw, *usual: int) -> int:
    near = st.sampled_from([max(amount, 1) for amount in usual] or [100_00])
    some = st.one_of(near, near, near, st.integers(1, 40_000_00), st.sampled_from((1, 50_00, *_WRONG_AMOUNTS)))
    return int(draw(some))


def _dated(draw: Draw, loan: Loan) -> dict[str, Any]:
    return {"value_date": _day(draw)}


def _credit(draw: Draw, loan: Loan, *usual: int) -> dict[str, Any]:
    amount = _amount(draw, loan.instalment_paise, loan.overdue_paise, *usual)
    return {**_dated(draw, loan), "amount_paise": amount, "reference": next_key("UTR"), "channel": "UPI"}


def _disburse(draw: Draw, loan: Loan) -> dict[str, Any]:
    amount = _amount(draw, loan.undrawn_paise, loan.principal_paise)
    return {**_dated(draw, loan), "amount_paise": amount, "reference": next_key("OUT")}


def _prepay(draw: Draw, loan: Loan) -> dict[str, Any]:
    ahead = loan.overdue_paise + 20_000_00
    return {**_credit(draw, loan, ahead), "effect": draw(st.sampled_from(("CUT_TENOR", "CUT_INSTALMENT")))}


def _foreclose(draw: Draw, loan: Loan) -> dict[str, Any]:
    values = _credit(draw, loan)
    # The price of the very day, or somewhat beside it.
    price = foreclosure_quote(loan=loan, on_date=values["value_date"]).total_paise
    return {**values, "amount_paise": price + draw(st.sampled_from((0, 0, 0, 77, -1)))}


def _charge(draw: Draw, loan: Loan) -> dict[str, Any]:
    code = draw(st.sampled_from(("STATEMENT", "PROCESSING", "STATEMENT", "UNHEARD")))
    return {**_dated(draw, loan), "code": code, "amount_paise": draw(st.sampled_from((None, None, 33_33, 10**6, 0)))}


def _penal(draw: Draw, loan: Loan) -> dict[str, Any]:
    return {**_dated(draw, loan), "amount_paise": _amount(draw, 250_00)}


def _bounce(draw: Draw, loan: Loan) -> dict[str, Any]:
    entry = draw(st.one_of(st.none(), st.integers(1, loan.fact_count + 1)))
    return {**_dated(draw, loan), "reference": next_key("RET"), "receipt_sequence": entry}


def _waive(draw: Draw, loan: Loan) -> dict[str, Any]:
    component = draw(_COMPONENTS)
    owed = getattr(loan, f"{component.lower()}_outstanding_paise")
    return {**_dated(draw, loan), "component": component, "amount_paise": _amount(draw, owed, 50_00)}


def _settle(draw: Draw, loan: Loan) -> dict[str, Any]:
    return _credit(draw, loan, loan.principal_outstanding_paise // 2)


def _write_off(draw: Draw, loan: Loan) -> dict[str, Any]:
    return {**_dated(draw, loan), "is_technical": draw(st.booleans())}


def _refund(draw: Draw, loan: Loan) -> dict[str, Any]:
    amount = _amount(draw, loan.excess_paise, loan.excess_paise + 1)
    return {**_dated(draw, loan), "amount_paise": amount, "reference": next_key("OUT")}


def _transfer(draw: Draw, loan: Loan) -> dict[str, Any]:
    target = draw(st.sampled_from(list(Loan.objects.order_by("pk").values_list("pk", flat=True))))
    return {**_dated(draw, loan), "amount_paise": _amount(draw, loan.excess_paise), "to_loan_id": target}


def _reverse(draw: Draw, loan: Loan) -> dict[str, Any]:
    return {"sequence": draw(st.integers(1, loan.fact_count + 1))}


def _rate(draw: Draw, loan: Loan) -> dict[str, Any]:
    effect = draw(st.sampled_from(("CUT_TENOR", "CUT_INSTALMENT")))
    return {**_dated(draw, loan), "annual_rate_pct": draw(_RATES), "effect": effect}


def _reschedule(draw: Draw, loan: Loan) -> dict[str, Any]:
    return {
        **_dated(draw, loan),
        "extra_instalments": draw(st.sampled_from((0, 1, 6, -1, 200))),
        "annual_rate_pct": draw(st.one_of(st.none(), _RATES)),
        "grace_interest_count": draw(st.sampled_from((0, 0, 1, 3))),
        "is_restructure": draw(st.booleans()),
    }


def _range(draw: Draw, loan: Loan) -> dict[str, Any]:
    values = _dated(draw, loan)
    return {**values, "end_date": values["value_date"] + timedelta(days=draw(st.sampled_from((35, 95, 5, -1))))}


def _moratorium(draw: Draw, loan: Loan) -> dict[str, Any]:
    return {
        **_range(draw, loan),
        "is_interest_capitalised": draw(st.booleans()),
        "is_restructure": draw(st.booleans()),
    }


def _pause(draw: Draw, loan: Loan) -> dict[str, Any]:
    return {**_range(draw, loan), "is_penal": draw(st.booleans())}


def _settle_plan(draw: Draw, loan: Loan) -> dict[str, Any]:
    values = _dated(draw, loan)
    amount = _amount(draw, loan.principal_outstanding_paise // 3)
    days = sorted(draw(st.lists(st.sampled_from((0, 10, 45, 120)), min_size=1, max_size=3)))
    due = [values["value_date"] + timedelta(days=day) for day in days]
    return {**values, "parts": [{"due_date": day, "amount_paise": amount} for day in due]}


def _nothing(draw: Draw, loan: Loan) -> dict[str, Any]:
    return {}


def _quote(draw: Draw, loan: Loan) -> dict[str, Any]:
    return {
        "valid_days": draw(st.sampled_from((None, 3, 10, 0, 1_000))),
        "is_lender_asking": draw(st.booleans()),
    }


def _quote_pay(draw: Draw, loan: Loan) -> dict[str, Any]:
    values = _credit(draw, loan)
    quote = StoredQuote.objects.filter(loan=loan).order_by("-pk").first()
    held = quote_of_day(quote=quote, on_date=values["value_date"]) if quote else None
    price = held.total_paise if held else values["amount_paise"]
    return {**values, "quote_id": quote.pk if quote else 0, "amount_paise": price + draw(st.sampled_from((0, 0, 1)))}


def _freeze(draw: Draw, loan: Loan) -> dict[str, Any]:
    effects = draw(st.lists(st.sampled_from(FreezeEffect.values), max_size=3, unique=True))
    until = draw(st.sampled_from((None, 10, -1)))
    return {"effects": effects, "until_date": None if until is None else business_date() + timedelta(days=until)}


def _unfreeze(draw: Draw, loan: Loan) -> dict[str, Any]:
    found = Freeze.objects.filter(loan=loan).order_by("-pk").first()
    return {"freeze_id": found.pk if found else 0}


INPUTS: dict[str, Callable[[Draw, Loan], dict[str, Any]]] = {
    "disburse": _disburse,
    "receipt": _credit,
    "prepay": _prepay,
    "foreclose": _foreclose,
    "charge": _charge,
    "penal": _penal,
    "bounce": _bounce,
    "rate": _rate,
    "reschedule": _reschedule,
    "moratorium": _moratorium,
    "pause": _pause,
    "waive": _waive,
    "settle": _settle,
    "write-off": _write_off,
    "recover": _credit,
    "refund": _refund,
    "transfer": _transfer,
    "reverse": _reverse,
    "settle-plan": _settle_plan,
    "settle-plan-cancel": _nothing,
    "settle-plan-restore": _nothing,
    "quote": _quote,
    "quote-pay": _quote_pay,
    "freeze": _freeze,
    "unfreeze": _unfreeze,
}
