"""When an act needs a second person: every rule that was published, and the form that asks for the next."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.acts.models import ActRule
from core.acts.registry import ApprovalRule, ruled_acts
from core.acts.rule_changes import ACT_RULE, rule_payload
from core.approvals.models import ApprovalRequest
from core.approvals.services import approval_request
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import DayField, OnceForm, RupeesField, reason_field
from core.staff_pages import acting_user, staff_page, staff_response

_MAY_ASK = "core.publish_actrules"


class ActRuleForm(OnceForm):
    """A new rule."""

    act = forms.ChoiceField(label="Act")
    is_always = forms.BooleanField(label="Always", required=False)
    above_paise = RupeesField(label="Above, in rupees", required=False, help_text="Empty: whatever the amount.")
    backdated_over_days = forms.IntegerField(
        label="Back-dated by more days than", required=False, min_value=0, max_value=3650, help_text="Empty: any."
    )
    effective_from = DayField(label="From")
    reason = reason_field(required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        act: Any = self.fields["act"]
        act.choices = [(known.slug, known.title) for known in ruled_acts()]

    def payload(self) -> dict[str, Any]:
        """Return the data of the request."""
        entered = self.cleaned_data
        rule = ApprovalRule(**{name: entered[name] for name in ("is_always", "above_paise", "backdated_over_days")})
        return rule_payload(
            act=entered["act"], effective_from=entered["effective_from"], rule=rule, reason=entered["reason"]
        )


@staff_page("core.view_actrule")
def act_rules_page(request: HttpRequest) -> HttpResponse:
    """Show the rules by act, the latest first; ask for another one."""
    may_ask = request.user.has_perm(_MAY_ASK)
    if request.method == "POST" and not may_ask:
        raise PermissionDenied
    form = ActRuleForm(request.POST or None, initial={"effective_from": business_date()})
    if request.method == "POST" and form.is_valid() and (asked := _ask(request, form)):
        return redirect("staff-approvals:request", asked.pk)
    titles = {act.slug: act.title for act in ruled_acts()}
    rows = ActRule.objects.select_related("published_by").order_by("act", "-effective_from")
    return staff_response(
        request,
        "lms/act_rules.html",
        status=422 if form.errors else 200,
        title="Rules for acts",
        form=form,
        may_ask=may_ask,
        rules=[(titles.get(row.act, row.act), row) for row in rows],
        today=business_date(),
    )


def _ask(request: HttpRequest, form: ActRuleForm) -> ApprovalRequest | None:
    entered = form.cleaned_data
    try:
        asked = approval_request(
            kind=ACT_RULE,
            payload=form.payload(),
            reason=entered["reason"],
            actor=acting_user(request),
            idempotency_key=entered["idempotency_key"],
        )
    except KistError as error:
        form.refuse(error)
        return None
    messages.success(request, "A second person has to agree: the request waits for approval.")
    return asked
