"""Dated rows of bureau files: every one that was published, and the forms that publish the next."""

from typing import Any, Final

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from core.admin_base import AddedByPageAdmin
from core.money import format_rupees
from core.staff_pages import staff_page
from lms.admin.bureau_forms import AccountTypeForm, MembershipForm, ParametersForm
from lms.admin.published_rows import RowKind, publish_response
from lms.bureau.rows import bureau_account_type_publish, bureau_membership_publish, bureau_parameters_publish
from lms.models import BureauAccountType, BureauMembership, BureauParameters

_PERMISSION: Final = "lms.publish_bureau_rows"

KINDS: Final[dict[str, RowKind]] = {
    "parameters": RowKind(
        title="New rules of bureau files",
        form=ParametersForm,
        publish=bureau_parameters_publish,
        model=BureauParameters,
    ),
    "membership": RowKind(
        title="New membership", form=MembershipForm, publish=bureau_membership_publish, model=BureauMembership
    ),
    "account-type": RowKind(
        title="New account type of a product",
        form=AccountTypeForm,
        publish=bureau_account_type_publish,
        model=BureauAccountType,
    ),
}


@staff_page(_PERMISSION)
def bureau_publish_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Publish a row that counts from a day on."""
    if kind not in KINDS:
        raise Http404
    return publish_response(
        request,
        KINDS[kind],
        initial=_latest(kind),
        template="lms/bureau_form.html",
        button="Publish",
        intro="What is published is never changed; the latest row that is in force on a reference date counts.",
        back_words="Back to the rows",
    )


def _latest(kind: str) -> dict[str, Any]:
    """Begin the form of the rules with those that were published last."""
    row = BureauParameters.objects.first() if kind == "parameters" else None
    if row is None:
        return {}
    days = {name: ", ".join(map(str, getattr(row, name))) for name in ("full_days", "incremental_days")}
    same = (
        "full_within_days",
        "incremental_within_days",
        "layout",
        "alert_from_days",
        "dispute_days",
        "dispute_lender_days",
        "dispute_credit_working_days",
    )
    rupees = {"dispute_rupees_per_day": row.dispute_paise_per_day // 100}
    return {**days, **rupees, **{name: getattr(row, name) for name in same}}


class _PublishedRows(AddedByPageAdmin):
    """Rows that are added by the form of their kind and never changed."""

    add_permission, add_page = _PERMISSION, "staff-bureau:publish"


@admin.register(BureauParameters)
class BureauParametersAdmin(_PublishedRows):
    """Reference dates, deadlines and the clock of disputes, by the day from which they count."""

    add_page_args = ("parameters",)
    list_display = (
        "effective_from",
        "full",
        "incremental",
        "alert_from_days",
        "dispute_days",
        "dispute_lender_days",
        "per_day",
        "source",
    )

    @admin.display(description="Full on")
    def full(self, row: BureauParameters) -> str:
        """Show days and deadline."""
        days = [str(day) for day in row.full_days]
        return f"{', '.join([*days, 'month-end'])}; within {row.full_within_days} days"

    @admin.display(description="Incremental on")
    def incremental(self, row: BureauParameters) -> str:
        """Show days and deadline."""
        days = ", ".join(str(day) for day in row.incremental_days)
        return f"{days}; within {row.incremental_within_days} days" if days else "never"

    @admin.display(description="For each day late")
    def per_day(self, row: BureauParameters) -> str:
        """Show the amount in rupees."""
        return format_rupees(row.dispute_paise_per_day)


@admin.register(BureauMembership)
class BureauMembershipAdmin(_PublishedRows):
    """How each bureau knows the lender."""

    add_page_args = ("membership",)
    list_display = ("bureau", "member_code", "member_name", "effective_from")
    list_filter = ("bureau",)


@admin.register(BureauAccountType)
class BureauAccountTypeAdmin(_PublishedRows):
    """What products are called in the files."""

    add_page_args = ("account-type",)
    list_display = ("product_code", "account_type", "effective_from")
