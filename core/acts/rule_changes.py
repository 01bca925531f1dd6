"""New rules for when an act needs a second person: asked for by one person, agreed to by another."""

from datetime import date
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.acts.errors import ActRuleDateTaken, ActRuleInPast, ActRuleUnknown
from core.acts.models import ActRule
from core.acts.registry import ApprovalRule, Ruled, ruled_acts
from core.acts.rules import rule_of
from core.approvals.registry import ApprovalKind, Payload, register
from core.business_date import business_date

ACT_RULE: Final = "core.act_rule"
_PERMISSION: Final = "core.publish_actrules"
_FIRST_DAY: Final = date(2000, 1, 1)
_COLUMNS: Final = ("is_always", "above_paise", "backdated_over_days")


def act_rules_seed() -> int:
    """Write the rules of the first day down for every act that has none; return how many."""
    known = set(ActRule.objects.order_by().values_list("act", flat=True).distinct())
    rows = [
        ActRule(act=act.slug, effective_from=_FIRST_DAY, reason="Rules of the first day", **_columns(act.rule))
        for act in ruled_acts()
        if act.slug not in known
    ]
    return len(ActRule.objects.bulk_create(rows))


def rule_payload(*, act: str, effective_from: date, rule: ApprovalRule, reason: str) -> dict[str, Any]:
    """Write a new rule as the data of a request."""
    return {"act": act, "effective_from": effective_from.isoformat(), "reason": reason, **_columns(rule)}


def ruled_act(*, slug: str) -> Ruled:
    """Return an act by its name.

    Raises:
        ActRuleUnknown: there is none.
    """
    found = next((act for act in ruled_acts() if act.slug == slug), None)
    if found is None:
        raise ActRuleUnknown(act=slug)
    return found


def approvals_register() -> None:
    """Make a new rule an act of two persons itself."""
    register(
        ApprovalKind(
            code=ACT_RULE,
            title="Rule for an act",
            make_permission=_PERMISSION,
            check_permission=_PERMISSION,
            describe=lambda payload: f"When {ruled_act(slug=payload['act']).title.lower()!r} needs a second person",
            subject=lambda _payload: (ActRule._meta.label_lower, 0),
            effect=_effect,
            version=_version,
            execute=_execute,
        )
    )


def _columns(rule: ApprovalRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in _COLUMNS}


def _effect(payload: Payload, _actor: User) -> dict[str, Any]:
    effective_from = _check(payload)
    act = ruled_act(slug=payload["act"])
    before = _columns(rule_of(act=act, on_date=effective_from))
    pairs = {}
    for name in _COLUMNS:
        pairs[f"{name}_before"], pairs[f"{name}_after"] = before[name], payload[name]
    return {"act": act.title, "from": payload["effective_from"], **pairs}


def _version(payload: Payload) -> str:
    latest = ActRule.objects.filter(act=payload["act"]).order_by("-pk").values_list("pk", flat=True).first()
    return f"{latest or 0}.{business_date().isoformat()}"


def _check(payload: Payload) -> date:
    ruled_act(slug=payload["act"])
    effective_from = date.fromisoformat(payload["effective_from"])
    if effective_from < (today := business_date()):
        raise ActRuleInPast(effective_from=effective_from, business_date=today)
    if ActRule.objects.filter(act=payload["act"], effective_from=effective_from).exists():
        raise ActRuleDateTaken(act=payload["act"], effective_from=effective_from)
    return effective_from


def _execute(payload: Payload, maker: User, key: str) -> ActRule:
    effective_from = _check(payload)
    row = ActRule(
        act=payload["act"],
        effective_from=effective_from,
        reason=payload["reason"],
        published_by=maker,
        **{name: payload[name] for name in _COLUMNS},
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise ActRuleDateTaken(act=row.act, effective_from=effective_from) from error
    detail = {name: payload[name] for name in ("act", "effective_from", *_COLUMNS)}
    audit.record(
        actor=maker, action="core.act_rule", obj=row, reason=payload["reason"], detail={**detail, "request": key}
    )
    return row
