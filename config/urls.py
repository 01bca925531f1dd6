"""Addresses of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("api/v1/", include("config.api_urls")),
    path("", include("lms.public_urls")),
    # Before the admin's own addresses, which end in a catch-all.
    path("admin/", include("core.approvals.urls")),
    path("admin/", include("core.control_urls")),
    path("admin/", include("core.urls")),
    path("admin/", include("customers.urls")),
    path("admin/", include("ledger.urls")),
    path("admin/", include("lms.urls")),
    path("admin/", include("lms.document_urls")),
    path("admin/", include("lms.bureau_urls")),
    path("admin/", include("payments.urls")),
    path("admin/", admin.site.urls),
]
