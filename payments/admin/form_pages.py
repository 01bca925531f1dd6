"""Pages of one plain form and one act, and the fields that such forms share."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.errors import KistError
from core.staff_forms import StaffForm
from core.staff_pages import staff_response


def number_field(label: str, *, least: int = 1, most: int = 10_000, help_text: str = "") -> forms.IntegerField:
    """Ask for a whole number."""
    return forms.IntegerField(label=label, min_value=least, max_value=most, help_text=help_text)


def form_page(
    request: HttpRequest,
    form: StaffForm,
    act: Callable[[dict[str, Any]], str],
    *,
    title: str,
    button: str,
    back: str,
    intro: str = "",
) -> HttpResponse:
    """Show a form; on submit do the act with what was entered and go where it says."""
    if request.method == "POST" and form.is_valid():
        try:
            address = act(dict(form.cleaned_data))
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect(address)
    return staff_response(
        request,
        "lms/simple_form.html",
        status=422 if form.errors else 200,
        title=title,
        form=form,
        back=back,
        back_words="Back",
        button=button,
        intro=intro,
    )
