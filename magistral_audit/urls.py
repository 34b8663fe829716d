"""Every address of the service."""

from django.urls import include, path

from reasoning.api.health import healthz, readyz
from reasoning.api.metrics import metrics

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api/", include("reasoning.api.urls")),
    path("log/", include("reasoning.api.log")),
    path("", include("reasoning.web.urls")),
    path("", include("reasoning.web.account_urls")),
]
