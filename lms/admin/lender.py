"""How the lender is named on documents: every row that was published, and the form that publishes the next."""

from dataclasses import fields

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.admin_base import AddedByPageAdmin
from core.business_date import business_date
from core.errors import KistError
from core.staff_pages import acting_user, staff_page, staff_response
from lms.admin.document_forms import LenderForm
from lms.documents.lender import LenderData, lender_profile_publish
from lms.models.document import LenderProfile


@admin.register(LenderProfile)
class LenderProfileAdmin(AddedByPageAdmin):
    """Name, address and numbers of the lender, by the day from which they count."""

    add_permission, add_page = "lms.publish_lenderprofile", "staff-documents:lender-publish"
    list_display = ("effective_from", "name", "registration_number", "site")
    ordering = ("-effective_from",)


@staff_page("lms.publish_lenderprofile")
def lender_publish_page(request: HttpRequest) -> HttpResponse:
    """Publish how the lender is named from a day on."""
    latest = LenderProfile.objects.first()
    names = [field.name for field in fields(LenderData)]
    start = {name: getattr(latest, name) for name in names} if latest else {}
    form = LenderForm(request.POST or None, initial={"effective_from": business_date(), **start})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            row = lender_profile_publish(
                effective_from=values["effective_from"],
                lender=LenderData(**{name: values[name] for name in names}),
                reason=values["reason"],
                actor=acting_user(request),
            )
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Documents name the lender so from {row.effective_from:%d %b %Y}.")
            return redirect("admin:lms_lenderprofile_changelist")
    return staff_response(
        request,
        "lms/document_lender.html",
        status=422 if form.errors else 200,
        title="How the lender is named on documents",
        form=form,
    )
