"""Acts on credit lines: the sanction, and what can be done on a line."""

from typing import Any, Final

from django.db import models
from django.db.models import Max

from core.acts.registry import Act, ActCall, Values
from core.approvals.registry import Lock
from customers.models import Customer
from ledger.models import Journal
from lms.acts import line_inputs as inputs
from lms.acts.first_rules import ALWAYS, BACKDATED, BY_FINANCE, BY_MANAGER, NEW_TERMS, ORDINARY, PLAIN
from lms.acts.inputs import NothingInput
from lms.acts.subjects import borrower_lock, borrower_version, customer_name, customer_of
from lms.models import CreditLine, LineFact
from lms.services.lines.acts import (
    BlockReason,
    LimitRequest,
    line_block,
    line_close,
    line_limit_lower,
    line_limit_raise,
    line_renew,
    line_unblock,
)
from lms.services.lines.drawdowns import DrawdownTerms, line_draw, line_hold, line_release
from lms.services.lines.effects import line_effect_of, postings_of
from lms.services.lines.opening import LineOffer, line_sanction
from lms.services.lines.record import customer_of_line


def _common(call: ActCall) -> dict[str, Any]:
    return {
        "line_id": call.subject_id,
        "reason": call.reason,
        "actor": call.actor,
        "idempotency_key": call.idempotency_key,
    }


def _sanction(call: ActCall) -> models.Model:
    entered = dict(call.values)
    return line_sanction(
        customer=customer_of(customer_id=call.subject_id),
        product_version=entered.pop("version"),
        offer=LineOffer(**entered),
        idempotency_key=call.idempotency_key,
        reason=call.reason,
        actor=call.actor,
    )


def _sanction_effect(call: ActCall) -> dict[str, Any]:
    last = Journal.objects.aggregate(last=Max("pk"))["last"] or 0
    line = _sanction(call)
    assert isinstance(line, CreditLine)  # noqa: S101  # see above
    return {
        "customer": customer_name(call.subject_id),
        "product": str(line.product_version),
        "limit_paise": line.limit_paise,
        "annual_rate_pct": f"{line.annual_rate_pct:f}",
        "valid_until": line.valid_until.isoformat(),
        "postings": postings_of(line=line, after=last),
    }


def _draw(call: ActCall) -> LineFact:
    customer_id = customer_of_line(line_id=call.subject_id)
    return line_draw(customer_id=customer_id, drawdown=DrawdownTerms(**call.values), **_common(call))


def _hold(call: ActCall) -> LineFact:
    return line_hold(customer_id=customer_of_line(line_id=call.subject_id), **call.values, **_common(call))


def _release(call: ActCall) -> LineFact:
    return line_release(**call.values, **_common(call))


def _raise(call: ActCall) -> LineFact:
    entered = dict(call.values)
    limit_paise, reference = entered.pop("limit_paise"), entered.pop("request_reference")
    return line_limit_raise(
        limit_paise=limit_paise, request=LimitRequest(reference=reference, **entered), **_common(call)
    )


def _lower(call: ActCall) -> LineFact:
    return line_limit_lower(**call.values, **_common(call))


def _block(call: ActCall) -> LineFact:
    return line_block(block_reason=BlockReason(call.values["block_reason"]), **_common(call))


def _unblock(call: ActCall) -> LineFact:
    return line_unblock(**_common(call))


def _renew(call: ActCall) -> LineFact:
    return line_renew(**call.values, **_common(call))


def _close(call: ActCall) -> LineFact:
    return line_close(**_common(call))


def _line_name(line_id: int) -> str:
    return CreditLine.objects.values_list("number", flat=True).filter(pk=line_id).first() or ""


def _line_lock(line_id: int, _values: Values) -> Lock:
    return borrower_lock(customer_of_line(line_id=line_id))


def _line_version(line_id: int, _values: Values) -> str:
    return borrower_version(customer_of_line(line_id=line_id))


def _was_done(key: str) -> bool:
    return LineFact.objects.filter(idempotency_key=key).exists()


def _amount(_subject_id: int, values: Values) -> int | None:
    amount: int = values["amount_paise"]
    return amount


def _limit(_subject_id: int, values: Values) -> int | None:
    limit: int = values["limit_paise"]
    return limit


def _present_limit(line_id: int, _values: Values) -> int | None:
    return CreditLine.objects.values_list("limit_paise", flat=True).get(pk=line_id)


def _act(slug: str, run: Any, **described: Any) -> Act:
    """Describe an act on a line that appends one entry."""
    return Act(
        slug=f"line-{slug}",
        code=f"lms.line-{slug}",
        subject=CreditLine,
        name=_line_name,
        run=run,
        effect=lambda call: line_effect_of(line_id=call.subject_id, act=lambda: run(call)),
        version=_line_version,
        lock=_line_lock,
        was_done=_was_done,
        **{"rule": PLAIN, "approve_permission": BACKDATED, **described},
    )


LINE_SANCTION_ACT: Final = Act(
    slug="line-sanction",
    code="lms.line-sanction",
    title="Sanction a credit line",
    permission="lms.sanction_line",
    approve_permission=NEW_TERMS,
    subject=Customer,
    name=customer_name,
    input=inputs.LineSanctionInput,
    run=_sanction,
    effect=_sanction_effect,
    version=lambda customer_id, _values: borrower_version(customer_id),
    lock=lambda customer_id, _values: borrower_lock(customer_id),
    rule=ALWAYS,
    is_reason_required=False,
    amount_paise=_limit,
    was_done=lambda key: CreditLine.objects.filter(idempotency_key=key).exists(),
    limits_paise=BY_MANAGER,
)

LINE_ACTS: Final[tuple[Act, ...]] = (
    _act(
        "draw",
        _draw,
        title="Draw on a line",
        permission="lms.draw_line",
        input=inputs.DrawInput,
        rule=ORDINARY,
        is_reason_required=False,
        amount_paise=_amount,
        value_date=lambda _line_id, values: values["value_date"],
        limits_paise=BY_FINANCE,
    ),
    _act(
        "hold",
        _hold,
        title="Set money of a line aside",
        permission="lms.draw_line",
        input=inputs.HoldInput,
        is_reason_required=False,
    ),
    _act(
        "release",
        _release,
        title="Give back what was set aside",
        permission="lms.draw_line",
        input=inputs.ReleaseInput,
    ),
    _act(
        "raise",
        _raise,
        title="Raise the limit of a line",
        permission="lms.change_line_limit",
        approve_permission=NEW_TERMS,
        input=inputs.LimitRaiseInput,
        rule=ALWAYS,
        is_reason_required=False,
        amount_paise=_limit,
        limits_paise=BY_MANAGER,
    ),
    _act(
        "lower",
        _lower,
        title="Lower the limit of a line",
        permission="lms.change_line_limit",
        input=inputs.LimitLowerInput,
    ),
    _act("block", _block, title="Block a line", permission="lms.block_line", input=inputs.BlockInput),
    _act("unblock", _unblock, title="Unblock a line", permission="lms.unblock_line", input=NothingInput),
    _act(
        "renew",
        _renew,
        title="Renew a line",
        permission="lms.renew_line",
        approve_permission=NEW_TERMS,
        input=inputs.RenewInput,
        rule=ALWAYS,
        amount_paise=_present_limit,
        limits_paise=BY_MANAGER,
    ),
    _act("close", _close, title="Close a line", permission="lms.close_line", input=NothingInput),
)
