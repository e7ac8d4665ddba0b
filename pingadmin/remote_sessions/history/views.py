"""A session's history: its chart, and all its snapshots as a file."""

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from pingadmin.remote_sessions.display.card import build_card
from pingadmin.remote_sessions.history import csv_file
from pingadmin.remote_sessions.history.chart import chart_of
from pingadmin.remote_sessions.history.time_range import RANGES, RangeForm
from pingadmin.remote_sessions.models import RemoteSession

may_look_up = permission_required("remote_sessions.look_up", raise_exception=True)


@require_safe
@may_look_up
def chart(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """The traffic over ?range= or ?from=&to=: a page, and a fragment of the session's page."""
    session = get_object_or_404(RemoteSession, alias=alias, session_id=session_id)
    form = RangeForm(request.GET)
    drawn = chart_of(session, form.stretch(session)) if form.is_valid() else None
    context = {
        "session": session,
        "chart": drawn,
        "form": form,
        "ranges": RANGES,
    }
    template = "remote_sessions/_chart.html"
    if not request.htmx or request.htmx.history_restore_request:
        template, context["card"] = "remote_sessions/chart.html", build_card(session)
    return render(request, template, context, status=200 if drawn else 400)


@require_safe
@may_look_up
def download(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """The snapshots of ?range= or ?from=&to=, all where nothing is asked for, and what was not watched.

    No audit event: this is what the session's page shows to the same people, and no part of the audit log.
    """
    session = get_object_or_404(RemoteSession, alias=alias, session_id=session_id)
    form = RangeForm(request.GET)
    if not form.is_valid():
        raise BadRequest(
            "The range cannot be read: open it on the session's chart, which names the field."
        )
    stretch = form.stretch(session, usual="all")
    response = StreamingHttpResponse(
        csv_file.lines(session, stretch), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = (
        f'attachment; filename="{csv_file.file_name(session, stretch)}"'
    )
    return response
