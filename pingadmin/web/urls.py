"""What every deployment asks of the panel itself."""

from django.urls import path

from pingadmin.web import probes

urlpatterns = [
    path("healthz", probes.alive, name="healthz"),
    path("readyz", probes.ready, name="readyz"),
]
