"""The page that puts a loan on the watch list or marks it for relief."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from core.errors import KistError
from core.staff_forms import StaffForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from lms.models import Loan, ProvisionMark
from lms.services.provisions.marks import provision_mark_set


class MarkForm(StaffForm):
    """Which mark, and whether it is put on or taken off."""

    kind = forms.ChoiceField(choices=ProvisionMark.Kind.choices)
    act = forms.ChoiceField(choices=[("SET", "Put on"), ("CLEAR", "Take off")])
    reason = reason_field(required=True)


@staff_page("lms.mark_loan_risk")
def provision_mark_page(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Mark a loan from the business date on; the marks that it had are listed."""
    loan = get_object_or_404(Loan.objects.only("number"), pk=loan_id)
    form = MarkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        entered = form.cleaned_data
        try:
            mark = provision_mark_set(
                loan_id=loan.pk,
                kind=ProvisionMark.Kind(entered["kind"]),
                is_set=entered["act"] == "SET",
                reason=entered["reason"],
                actor=acting_user(request),
            )
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{mark.get_kind_display()}: {'put on' if mark.is_set else 'taken off'}.")
            return redirect("admin:lms_loan_change", loan.pk)
    return staff_response(
        request,
        "lms/provision_mark.html",
        status=422 if form.errors else 200,
        title=f"Mark loan {loan.number}",
        loan=loan,
        form=form,
        marks=list(loan.provision_marks.select_related("recorded_by")[:50]),
    )
