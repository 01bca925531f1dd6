"""Addresses of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    # Before the admin's own addresses, which end in a catch-all.
    path("admin/", include("customers.urls")),
    path("admin/", include("ledger.urls")),
    path("admin/", include("lms.urls")),
    path("admin/", admin.site.urls),
]
