"""Ask for a payout as staff do: shown first, and with a second person where the rules of the day want one."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User

from core.acts.rules import approval_reasons
from core.approvals.models import ApprovalRequest
from core.approvals.registry import ApprovalKind, Lock, Payload, register
from core.approvals.services import approval_request
from core.business_date import business_date
from core.clock import database_now
from core.money import format_rupees
from customers.models import BankAccount
from ledger.models import Account
from ledger.selectors import balance_now
from lms.acts.money import REFUND_ACT
from lms.acts.submitting import loans_lock
from lms.models import Loan
from lms.services.checks import reason_check
from lms.services.effects import effect_of, loans_version
from lms.services.loans import loan_disburse
from lms.services.refunds import refund_post
from payments.errors import PayeeChangedSinceAsked, PayoutForbidden
from payments.first_limits import OUTGOING_PAISE
from payments.models import Operation, Payout, PayoutKind, Rail
from payments.services.payees import proof_of
from payments.services.payouts import PayoutOrder, payout_request
from payments.services.vendors import parameters_on, routes, vendor_accounts

PAYOUT: Final = "payments.payout"
_REQUEST_KEY: Final = "payments.payout:"
_SHOWN_DIGITS: Final = 4


def payout_submit(*, order: PayoutOrder) -> Payout | ApprovalRequest:
    """Ask for a payout, or ask a second person for it where the rules of the day want one.

    Args:
        order: what is asked for; its actor and reason are given.

    Returns:
        The payout, or the request that waits; a repeat gives the first result.

    Raises:
        PayoutForbidden: the user may not ask for payouts.
        ReasonMissing: the reason is empty.
        The refusals of `payout_request`.
    """
    actor = _actor(order)
    if not actor.has_perm("payments.request_payout"):
        raise PayoutForbidden()
    reason_check(reason=order.reason, is_required=True)
    if not _is_for_approval(order):
        return payout_request(order=order)
    return approval_request(
        kind=PAYOUT,
        payload=payout_payload(order=order),
        reason=order.reason,
        actor=actor,
        idempotency_key=f"{_REQUEST_KEY}{order.idempotency_key}",
    )


def second_person_causes(*, order: PayoutOrder) -> tuple[str, ...]:
    """Tell why a payout needs a second person today: its amount, or that it gives money back; nothing if it does not.

    Money is given back by the rule that the act of refunding has on the day.

    Raises:
        ParametersMissing: no limit is in force.
    """
    limit_paise = parameters_on(day=business_date()).payout_approval_above_paise
    causes = [f"it is above {format_rupees(limit_paise)}"] if order.amount_paise > limit_paise else []
    if order.kind == PayoutKind.REFUND:
        values = {"amount_paise": order.amount_paise, "value_date": business_date()}
        causes += approval_reasons(act=REFUND_ACT, subject_id=order.loan_id, values=values)
    return tuple(dict.fromkeys(causes))


def payout_effect(*, order: PayoutOrder) -> dict[str, Any]:
    """Tell what a payout would do, by asking for it, booking it, and taking both back.

    Returns:
        `payout`: rail, vendor, cost, account and proof; `loans`: what its booking does to the loan.

    Raises:
        The refusals of `payout_request`.
    """
    asked: list[Payout] = []

    def act() -> None:
        key = f"{order.idempotency_key}:effect"
        payout = payout_request(order=replace(order, idempotency_key=key))
        book = loan_disburse if order.kind == PayoutKind.DISBURSAL else refund_post
        book(
            loan_id=order.loan_id,
            amount_paise=order.amount_paise,
            value_date=business_date(),
            reference="as the bank will name it",
            idempotency_key=f"{key}:fact",
            reason=order.reason or "Payout",
            actor=order.actor,
            is_on_its_way=True,
        )
        asked.append(payout)

    effect = effect_of(loan_ids=[order.loan_id], act=act, lock=loans_lock(loan_ids=[order.loan_id]))
    return {**effect.as_json(), "payout": _plan(asked[0], now=database_now())}


def payout_payload(*, order: PayoutOrder) -> dict[str, Any]:
    """Write a payout as the data of a request; the account as it is now, because a changed one is another."""
    account = BankAccount.objects.get(pk=order.bank_account_id)
    return {
        "kind": str(order.kind),
        "loan_id": order.loan_id,
        "bank_account_id": order.bank_account_id,
        "account_index": account.account_index,
        "ifsc": account.ifsc,
        "is_to_primary": account.is_primary,
        "amount_paise": order.amount_paise,
        "rail": order.rail or "",
        "reason": order.reason,
    }


def order_of(payload: Mapping[str, Any], *, actor: User, idempotency_key: str) -> PayoutOrder:
    """Read the data of a request as a payout."""
    return PayoutOrder(
        kind=PayoutKind(payload["kind"]),
        loan_id=payload["loan_id"],
        bank_account_id=payload["bank_account_id"],
        amount_paise=payload["amount_paise"],
        rail=Rail(payload["rail"]) if payload["rail"] else None,
        reason=payload["reason"],
        actor=actor,
        idempotency_key=idempotency_key,
    )


def approvals_register() -> None:
    """Make payouts above the limit an act of two persons."""
    register(
        ApprovalKind(
            code=PAYOUT,
            title="Payout",
            make_permission="payments.request_payout",
            check_permission="payments.approve_payout",
            describe=_describe,
            subject=lambda payload: (Loan._meta.label_lower, payload["loan_id"]),
            effect=_effect,
            version=_version,
            execute=_execute,
            amount_paise=lambda payload: payload["amount_paise"],
            prepare=_prepare,
            template="payments/_payout_effect.html",
            limits_paise=OUTGOING_PAISE,
        )
    )


def _effect(payload: Payload, maker: User) -> dict[str, Any]:
    _payee_check(payload, BankAccount.objects.get(pk=payload["bank_account_id"]))
    return payout_effect(order=order_of(payload, actor=maker, idempotency_key="look"))


def _execute(payload: Payload, maker: User, key: str) -> Payout:
    payout = payout_request(order=order_of(payload, actor=maker, idempotency_key=key))
    # The very row that the payout was made from: one that is changed from now on is seen by the payout itself.
    _payee_check(payload, payout.bank_account)
    return payout


def _payee_check(payload: Payload, account: BankAccount) -> None:
    """Refuse an account that is not the one that was asked for, or that the borrower has left since."""
    # Of a request from before the usual account was kept, the usual one was meant.
    is_left = payload.get("is_to_primary", True) and not account.is_primary
    if (account.account_index, account.ifsc) == (payload["account_index"], payload["ifsc"]):
        if not is_left:
            return
        asked = account_words(account)
    else:
        asked = "that it was then"
    present = BankAccount.objects.filter(primary_of_id=account.customer_id).first() or account
    raise PayeeChangedSinceAsked(asked=asked, present=account_words(present))


def account_words(account: BankAccount) -> str:
    """Name an account without telling it: its last digits and its branch, or where a UPI address is kept."""
    if account.is_upi:
        name, _, handle = account.account_number.partition("@")
        return f"{name[:1]}…@{handle}"
    return f"…{account.account_number[-_SHOWN_DIGITS:]} at {account.ifsc}"


def _actor(order: PayoutOrder) -> User:
    if order.actor is None:
        raise ValueError("Somebody asks for a payout.")
    return order.actor


def _is_for_approval(order: PayoutOrder) -> bool:
    """Tell whether a second person is needed; a repeat goes the way of the first call."""
    if Payout.objects.filter(idempotency_key=order.idempotency_key).exists():
        return False
    if ApprovalRequest.objects.filter(idempotency_key=f"{_REQUEST_KEY}{order.idempotency_key}").exists():
        return True
    return bool(second_person_causes(order=order))


def _plan(payout: Payout, *, now: datetime) -> dict[str, Any]:
    route = next(
        iter(routes(operations=[Operation.PAYOUT], rail=payout.rail, amount_paise=payout.amount_paise, now=now)), None
    )
    proof = proof_of(bank_account=payout.bank_account, today=business_date())
    proven = "proven" if proof.is_proven else "in doubt: somebody has to look" if proof.is_in_review else "to be proven"
    if proof.is_ended:
        proven = f"to be proven anew: {proof.problem}"
    plan = {
        "kind": PayoutKind(payout.kind).label,
        "amount_paise": payout.amount_paise,
        "rail": payout.rail,
        "account": account_words(payout.bank_account),
        "holder": payout.bank_account.holder_name,
        "proof": proof.problem if proof.is_refused else proven,
        "is_refused": proof.is_refused,
    }
    if route is None:
        return plan | {"vendor": "", "cost_paise": None, "is_funded": False}
    account = Account.objects.get(code=vendor_accounts(vendor=route.vendor).float_code)
    # Not the balance itself: it moves all day, and what is approved would be another effect every minute.
    is_funded = balance_now(account=account) >= payout.amount_paise
    return plan | {"vendor": route.vendor.name, "cost_paise": route.cost_paise, "is_funded": is_funded}


def _describe(payload: Payload) -> str:
    number = Loan.objects.values_list("number", flat=True).get(pk=payload["loan_id"])
    return f"{PayoutKind(payload['kind']).label}: {number}, {format_rupees(payload['amount_paise'])} paid out"


def _version(payload: Payload) -> str:
    """Name what the effect follows from: the loan, the day, and the account as it is."""
    account = BankAccount.objects.get(pk=payload["bank_account_id"])
    content = "|".join(
        (
            business_date().isoformat(),
            loans_version(loan_ids=[payload["loan_id"]]),
            account.account_index,
            account.ifsc,
            str(account.is_primary),
        )
    )
    return hashlib.sha256(content.encode()).hexdigest()


def _prepare(payload: Payload) -> Lock:
    return loans_lock(loan_ids=[payload["loan_id"]])
