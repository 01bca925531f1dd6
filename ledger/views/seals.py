"""Seals on the page of the ledger check: carried out of the house as a file, and held against one that was kept."""

import io
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from core import audit
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import StaffForm
from core.staff_pages import staff_page, staff_response
from ledger.exports import EXPORT_PERMISSION
from ledger.services import seals_compare, seals_export

_DIFFERENCES_SHOWN = 50


class SealFileForm(StaffForm):
    """A file of seals that was downloaded or exported before."""

    file = forms.FileField(
        label="File of seals", help_text="As it was downloaded here, or written by manage.py ledger_seal --export."
    )


@staff_page(EXPORT_PERMISSION)
@require_POST
def seals_download_page(request: HttpRequest) -> HttpResponse:
    """Download every seal as JSON lines, and write to the audit trail who took them."""
    content = io.StringIO()
    count = seals_export(to=content)
    _note(request, "ledger.seals_export", {"seals": count})
    response = HttpResponse(content.getvalue(), content_type="application/x-ndjson; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="seals-{business_date().isoformat()}.jsonl"'
    return response


@staff_page("ledger.run_ledgercheck")
def seals_compare_page(request: HttpRequest) -> HttpResponse:
    """Hold a file of seals against those of the ledger: a ledger that was cut off together with its seals shows."""
    form = SealFileForm(request.POST or None, request.FILES or None)
    differences: list[str] | None = None
    if request.method == "POST" and form.is_valid():
        lines = io.TextIOWrapper(form.cleaned_data["file"].file, encoding="utf-8", errors="replace")
        try:
            differences = list(seals_compare(lines=lines))
        except KistError as error:
            form.refuse(error)
        else:
            _note(request, "ledger.seals_compare", {"differences": len(differences)})
    return staff_response(
        request,
        "ledger/seals_compare.html",
        status=422 if form.errors else 200,
        title="Seals against a file",
        form=form,
        differences=differences,
        shown=(differences or [])[:_DIFFERENCES_SHOWN],
    )


def _note(request: HttpRequest, action: str, detail: dict[str, Any]) -> None:
    audit.record(actor=request.user, action=action, object_type="ledger.seal", object_id="all", detail=detail)
