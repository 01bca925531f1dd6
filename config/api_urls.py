"""Addresses of the API, version 1; a change that an existing tool cannot follow gets a version of its own."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from core.api.views import NowhereView

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", admin.site.admin_view(SpectacularSwaggerView.as_view(url_name="api-schema")), name="api-docs"),
    path("", include("core.api.urls")),
    path("", include("customers.api.urls")),
    path("", include("ledger.api.urls")),
    path("", include("lms.api.urls")),
    path("", include("payments.api.urls")),
    re_path(r"", NowhereView.as_view(), name="api-nowhere"),
]
