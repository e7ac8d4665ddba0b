"""The integrity page: what the last verification found, and the button for another one."""

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from pingadmin.audit.chain import keys
from pingadmin.audit.integrity import log_identity, status, verification_runs
from pingadmin.audit.record.actors import Actor
from pingadmin.web.requests import PanelRequest


@require_safe
@permission_required("audit.read", raise_exception=True)
def integrity(request: PanelRequest) -> HttpResponse:
    """The last verification in plain words, and what a reviewer needs without the panel."""
    context = {
        "integrity_status": status.current_status(),
        "checkpoints": status.newest_checkpoints(),
        "has_sinks": bool(settings.CHECKPOINT_SINKS),
        "sink_status": status.sink_status(),
        "public_key": keys.public_key(),
        "log_identity": log_identity.identify_log(),
    }
    return render(request, "audit/integrity/integrity.html", context)


@require_POST
@permission_required("audit.read", raise_exception=True)
def verify(request: PanelRequest) -> HttpResponse:
    """Verifies the next part of the log, from its beginning where no verification is running."""
    verification_runs.start_or_continue(by=Actor.of(request))
    if not request.htmx:
        return redirect("audit:integrity")
    context = {"integrity_status": status.current_status()}
    return render(request, "audit/integrity/_verification.html", context)
