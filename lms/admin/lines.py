"""Credit lines: the list, one page with everything about each, what a customer's page shows, and the guards."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_base import AddedByPageAdmin, PageAdmin, RangeDateFilter
from core.business_date import business_date
from core.staff_forms import as_of_date
from core.staff_pages import acting_user, staff_response
from core.templatetags.kist import amount, badge, day
from customers.admin import CUSTOMER_PANELS
from customers.models import Customer
from ledger.selectors import journals_for
from lms.admin.line_pages import line_acts_for
from lms.lines import line_as_of, line_facts, line_standings
from lms.models import CreditLine, LineParameters
from lms.services.lines.commitments import REFERENCE_TYPE
from lms.services.lines.rules import LineRule
from lms.services.lines.standing import LineStanding

_POSTINGS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LineBar:
    """Parts of the limit in per cent of its bar: drawn with what was given up, set aside, and what is left."""

    drawn_pct: int
    held_pct: int
    left_pct: int


def bar_of(standing: LineStanding) -> LineBar:
    """Return the bar of a line: the parts fill it, and a line above its limit is drawn whole."""
    used = standing.drawn_paise + standing.given_up_paise
    whole = max(standing.limit_paise, used + standing.held_paise, 1)
    drawn, held = used * 100 // whole, standing.held_paise * 100 // whole
    return LineBar(drawn_pct=drawn, held_pct=held, left_pct=standing.available_paise * 100 // whole)


@admin.register(CreditLine)
class CreditLineAdmin(PageAdmin, AddedByPageAdmin):
    """Every credit line; what can be done to one is on its page."""

    add_permission, add_page = "lms.sanction_line", "staff:line-sanction"
    list_display = (
        "number",
        "borrower",
        "product_code",
        "state_badge",
        "limit",
        "drawn",
        "available",
        "used_bar",
        "until",
    )
    list_select_related = ("customer",)
    list_filter = ("is_blocked", ("valid_until", RangeDateFilter), ("closed_on", RangeDateFilter))
    search_fields = ("number__startswith",)
    ordering = ("-id",)
    sortable_by = ("number", "until")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Work out what is left of the lines of one page together."""
        changelist = super().get_changelist_instance(request)
        lines: Sequence[Any] = list(changelist.result_list)
        standings = line_standings(lines=lines, today=business_date())
        for line in lines:
            line.standing = standings[line.pk]
        changelist.result_list = lines
        return changelist

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the line's page in place of a form: a line changes by facts alone."""
        return _line_page(request, pk)

    @admin.display(description="Borrower")
    def borrower(self, line: CreditLine) -> str:
        """Show the name."""
        return line.customer.full_name

    @admin.display(description="Standing")
    def state_badge(self, line: Any) -> SafeString:
        """Show in colour whether it can be drawn on."""
        return badge(line.standing.hindrance or "ACTIVE")

    @admin.display(description="Limit")
    def limit(self, line: Any) -> SafeString:
        """Show the limit."""
        return amount(line.limit_paise)

    @admin.display(description="Drawn")
    def drawn(self, line: Any) -> SafeString:
        """Show the principal outstanding."""
        return amount(line.standing.drawn_paise)

    @admin.display(description="Available")
    def available(self, line: Any) -> SafeString:
        """Show what can be drawn."""
        return amount(line.standing.available_paise)

    @admin.display(description="Used")
    def used_bar(self, line: Any) -> SafeString:
        """Draw how much of the limit is used."""
        bar = bar_of(line.standing)
        return format_html(
            '<div class="k-linebar k-linebar--small" role="img" aria-label="{} % drawn, {} % set aside">'
            '<span class="k-linebar__drawn" style="width: {}%"></span>'
            '<span class="k-linebar__held" style="width: {}%"></span></div>',
            *(bar.drawn_pct, bar.held_pct, bar.drawn_pct, bar.held_pct),
        )

    @admin.display(description="Valid until", ordering="valid_until")
    def until(self, line: CreditLine) -> str:
        """Show the last day."""
        return day(line.valid_until)


@admin.register(LineParameters)
class LineParametersAdmin(AddedByPageAdmin):
    """Guards of credit lines, by the day from which they count."""

    add_permission, add_page = "lms.publish_line_parameters", "staff:line-parameters-publish"
    list_display = ("effective_from", *(field.name for field in fields(LineRule)), "source")
    ordering = ("-effective_from",)


def _line_page(request: HttpRequest, pk: int) -> HttpResponse:
    lines = CreditLine.objects.select_related("customer", "product_version__product")
    line = get_object_or_404(lines, pk=pk)
    today = business_date()
    asked, known_on = _asked(request, "as_of", today), _asked(request, "known_on", today)
    as_of = asked or today
    found = line_as_of(line=line, as_of=as_of, known_on=known_on)
    is_past = asked is not None or known_on is not None
    facts = [
        fact
        for fact in line_facts(line=line)
        if fact.value_date <= as_of and (known_on is None or fact.recorded_on <= known_on)
    ]
    return staff_response(
        request,
        "lms/line.html",
        title=f"Credit line {line.number}",
        line=line,
        found=found,
        bar=bar_of(found.standing) if found else None,
        acts=[] if is_past or found is None else line_acts_for(user=acting_user(request), found=found),
        facts=facts[::-1],
        journals=journals_for(reference_type=REFERENCE_TYPE, reference_id=line.pk).order_by("-pk")[:_POSTINGS_SHOWN],
        as_of=as_of,
        known_on=known_on,
        is_past=is_past,
        today=today,
    )


def _asked(request: HttpRequest, name: str, today: date) -> date | None:
    return as_of_date(request.GET.get(name), latest=today)


def lines_panel(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]]:
    """Show a customer's credit lines with what is left of them."""
    if not request.user.has_perm("lms.view_creditline"):
        return "", {}
    lines = list(
        CreditLine.objects.filter(customer=customer).select_related("product_version__product").order_by("-pk")
    )
    if not lines:
        return "lms/_customer_lines.html", {"lines": []}
    standings = line_standings(lines=lines, today=business_date())
    return "lms/_customer_lines.html", {
        "lines": [(line, standings[line.pk], bar_of(standings[line.pk])) for line in lines]
    }


CUSTOMER_PANELS.append(lines_panel)
