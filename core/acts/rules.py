"""When an act needs a second person: dated rows over the rule of the registry."""

from datetime import date

from core.acts.models import ActRule
from core.acts.registry import ApprovalRule, Ruled, Values
from core.business_date import business_date
from core.money import format_rupees


def rule_of(*, act: Ruled, on_date: date) -> ApprovalRule:
    """Return the rule of an act that is in force on a day."""
    row = ActRule.objects.filter(act=act.slug, effective_from__lte=on_date).order_by("-effective_from").first()
    if row is None:
        return act.rule
    return ApprovalRule(
        is_always=row.is_always, above_paise=row.above_paise, backdated_over_days=row.backdated_over_days
    )


def approval_reasons(*, act: Ruled, subject_id: int, values: Values) -> tuple[str, ...]:
    """Tell why an act with these values needs a second person; nothing when it may be done at once."""
    today = business_date()
    rule = rule_of(act=act, on_date=today)
    if rule.is_always:
        return ("every act of this kind needs a second person",)
    reasons = []
    amount_paise = act.amount_paise(subject_id, values)
    if rule.above_paise is not None and amount_paise is not None and amount_paise > rule.above_paise:
        reasons.append(f"it is above {format_rupees(rule.above_paise)}")
    value_date = act.value_date(subject_id, values)
    if rule.backdated_over_days is not None and value_date is not None:
        days = (today - value_date).days
        if days > rule.backdated_over_days:
            reasons.append(f"its value date is {days} days back, more than {rule.backdated_over_days}")
    if cause := act.cause(subject_id, values, today):
        reasons.append(cause)
    return tuple(reasons)
