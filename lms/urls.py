"""Addresses of the staff pages that are no list of one model."""

from django.urls import path

from lms.admin.search import search_page

app_name = "staff"

urlpatterns = [
    path("find/", search_page, name="search"),
]
