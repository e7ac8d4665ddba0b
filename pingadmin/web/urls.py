"""What every deployment asks of the panel itself."""

from django.urls import path

from pingadmin.web import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]
