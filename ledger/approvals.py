"""The acts of the ledger that need a second person."""

from datetime import date
from typing import Any

from django.contrib.auth.models import User

from core.approvals.registry import ApprovalKind, Payload, register
from core.money import format_rupees
from core.rehearsal import rehearse
from ledger.models import Account, Journal, Period, PeriodState
from ledger.selectors import balance_now
from ledger.services.manual_journals import ManualJournal, ManualLine, manual_journal_check, manual_journal_post
from ledger.services.periods import period_reopen_approved

MANUAL_JOURNAL = "ledger.manual_journal"
PERIOD_REOPEN = "ledger.period_reopen"
_REQUEST = "core.approvalrequest"
# Rupees in crore; a lender replaces them by dated rows of his own.
_FIRST_LIMITS_PAISE = {"finance": 10_00_00_000_00, "manager": 100_00_00_000_00}


def approvals_register() -> None:
    """Make the ledger's acts known to maker and checker."""
    register(
        ApprovalKind(
            code=MANUAL_JOURNAL,
            title="Manual journal",
            make_permission="ledger.request_manual_journal",
            check_permission="ledger.approve_manual_journal",
            describe=lambda payload: f"{payload['narration']}: {format_rupees(voucher_of(payload).total_paise)}",
            subject=_voucher_subject,
            effect=_voucher_effect,
            version=_voucher_version,
            execute=_voucher_execute,
            amount_paise=lambda payload: voucher_of(payload).total_paise,
            limits_paise=_FIRST_LIMITS_PAISE,
        )
    )
    register(
        ApprovalKind(
            code=PERIOD_REOPEN,
            title="Re-open a month",
            make_permission="ledger.request_period_reopen",
            check_permission="ledger.approve_period_reopen",
            describe=lambda payload: f"Re-open {_period(payload)}",
            subject=lambda payload: ("ledger.period", int(payload["month"])),
            effect=_reopen_effect,
            version=lambda payload: str(_period(payload).version),
            execute=_reopen_execute,
        )
    )


def voucher_payload(*, voucher: ManualJournal, reason: str) -> dict[str, Any]:
    """Write a voucher as the data of a request."""
    return {
        "lines": [[line.account_code, line.debit_paise, line.credit_paise] for line in voucher.lines],
        "value_date": voucher.value_date.isoformat(),
        "narration": voucher.narration,
        "product_code": voucher.product_code,
        "reason": reason,
    }


def voucher_of(payload: Payload) -> ManualJournal:
    """Read the voucher of a request."""
    return ManualJournal(
        lines=tuple(
            ManualLine(account_code=code, debit_paise=dr, credit_paise=cr) for code, dr, cr in payload["lines"]
        ),
        value_date=date.fromisoformat(payload["value_date"]),
        narration=payload["narration"],
        product_code=payload["product_code"],
    )


def _voucher_accounts(payload: Payload) -> list[Account]:
    return list(Account.objects.filter(code__in={code for code, *_ in payload["lines"]}).order_by("code"))


def _voucher_subject(payload: Payload) -> tuple[str, int]:
    first = Account.objects.filter(code=payload["lines"][0][0]).values_list("pk", flat=True).first()
    return "ledger.account", first or 0


def _voucher_version(payload: Payload) -> str:
    """Name what decides whether the voucher may be posted; not the balances, or one on a busy bank would never be."""
    accounts = [f"{a.code}:{a.is_active:d}{a.is_manual_allowed:d}" for a in _voucher_accounts(payload)]
    month = Period.objects.filter(pk=int(payload["value_date"][:7].replace("-", ""))).first()
    return ",".join([*accounts, month.state if month else PeriodState.OPEN.value])[:64]


def _voucher_effect(payload: Payload, actor: User) -> dict[str, Any]:
    """Post the voucher in a rehearsal; show its lines and what they do to each account."""
    voucher = voucher_of(payload)
    manual_journal_check(voucher=voucher, actor=actor)

    def post() -> dict[str, int]:
        accounts = _voucher_accounts(payload)
        before = {account.code: balance_now(account=account) for account in accounts}
        _post(payload, actor, "rehearsal", 0)
        return {account.code: balance_now(account=account) - before[account.code] for account in accounts}

    names = {account.code: account.name for account in _voucher_accounts(payload)}
    moved = rehearse(post)
    return {
        "postings": [
            {"account": code, "name": names[code], "debit_paise": debit, "credit_paise": credit}
            for code, debit, credit in payload["lines"]
        ],
        "balances_move_by_paise": moved,
        "value_date": payload["value_date"],
        "booked_on": payload["value_date"],
    }


def _voucher_execute(payload: Payload, maker: User, key: str) -> Journal:
    # The key is `approval:<number of the request>`: the journal leads to the request with its checker and papers.
    return _post(payload, maker, key, int(key.rpartition(":")[2]))


def _post(payload: Payload, actor: User, key: str, request_id: int) -> Journal:
    return manual_journal_post(
        voucher=voucher_of(payload),
        idempotency_key=f"ledger.manual:{key}",
        reference_type=_REQUEST,
        reference_id=request_id,
        actor=actor,
        reason=payload["reason"],
    )


def _period(payload: Payload) -> Period:
    return Period.objects.get(pk=int(payload["month"]))


def _reopen_effect(payload: Payload, _actor: User) -> dict[str, Any]:
    period = _period(payload)
    return {"month": str(period), "state_before": period.state, "state_after": PeriodState.OPEN.value}


def _reopen_execute(payload: Payload, maker: User, key: str) -> Period:
    return period_reopen_approved(
        month=int(payload["month"]), maker=maker, request_id=int(key.rpartition(":")[2]), reason=payload["reason"]
    )
