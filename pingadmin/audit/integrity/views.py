"""Is the log whole? A page that says what was checked, and checks again."""

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from pingadmin.audit.chain import keys
from pingadmin.audit.integrity import status, verification_runs
from pingadmin.audit.record.actors import Actor


@require_safe
@permission_required("audit.read", raise_exception=True)
def integrity(request: HttpRequest) -> HttpResponse:
    """The newest check in plain words, what it proves, and what a reviewer needs to check without us."""
    context = {
        "standing": status.now(),
        "checkpoints": status.newest_checkpoints(),
        "has_sinks": bool(settings.CHECKPOINT_SINKS),
        "public_key": keys.public_key(),
    }
    return render(request, "audit/integrity.html", context)


@require_POST
@permission_required("audit.read", raise_exception=True)
def check(request: HttpRequest) -> HttpResponse:
    """Check the next part of the log, from its beginning where no check is under way."""
    verification_runs.start_or_go_on(by=Actor.of(request))
    if not request.htmx:
        return redirect("audit:integrity")
    return render(request, "audit/_integrity_check.html", {"standing": status.now()})
