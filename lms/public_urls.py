"""Addresses that anyone may open without logging in."""

from django.urls import path

from lms.verify_pages import verify_document_page, verify_page

urlpatterns = [
    path("verify/", verify_page, name="verify"),
    path("verify/<str:number>/<str:code>/", verify_document_page, name="verify-document"),
]
