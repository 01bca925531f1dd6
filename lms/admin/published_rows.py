"""The page that publishes a dated row: a form of its kind, and the service behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from core.business_date import business_date
from core.errors import KistError
from core.staff_pages import acting_user, staff_response


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKind:
    """One kind of dated row: its form, its service, and where its rows are listed."""

    title: str
    form: type[Any]
    publish: Callable[..., models.Model]
    model: type[models.Model]


def publish_response(
    request: HttpRequest, row_kind: RowKind, *, initial: Mapping[str, Any], template: str, **context: Any
) -> HttpResponse:
    """Show the form of a kind; on submit publish the row that counts from a day on, and go to the list.

    Args:
        initial: what the form starts from, besides the business date.
        context: what else the template shows.
    """
    list_name = f"admin:{row_kind.model._meta.app_label}_{row_kind.model._meta.model_name}_changelist"
    form = row_kind.form(request.POST or None, initial={"effective_from": business_date(), **initial})
    if request.method == "POST" and form.is_valid():
        try:
            row = row_kind.publish(actor=acting_user(request), **form.values())
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Published: {row}.")
            return redirect(list_name)
    return staff_response(
        request,
        template,
        status=422 if form.errors else 200,
        title=row_kind.title,
        form=form,
        back=reverse(list_name),
        **context,
    )
