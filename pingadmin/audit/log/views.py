"""The audit log as pages: a list of stories, and one story. Reading only."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from pingadmin.audit.entries import entries
from pingadmin.audit.log import page
from pingadmin.audit.log.access import recorded
from pingadmin.audit.models import AuditEvent


@require_safe
@permission_required("audit.read", raise_exception=True)
@recorded
def log(request: HttpRequest) -> HttpResponse:
    """Stories that match the question in the URL, newest first, with their exact number."""
    return page.show(request)


@require_safe
@permission_required("audit.read", raise_exception=True)
@recorded
def story(request: HttpRequest, seq: int) -> HttpResponse:
    """One story as a timeline; the address of a later event leads to its place in it."""
    event = get_object_or_404(AuditEvent, seq=seq)
    if event.story != event.seq:
        return redirect(f"{reverse('audit:story', args=[event.story])}#event-{event.seq}")
    told = entries.of([event])[0]
    context = {"story": told, "marked": page.mark_of(request)} | page.review_context(request, told)
    return render(request, "audit/story.html", context)
