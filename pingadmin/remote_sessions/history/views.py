"""A session's history: its traffic chart, and all its snapshots as a file."""

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from pingadmin.remote_sessions.display.card import build_card
from pingadmin.remote_sessions.history import csv_file
from pingadmin.remote_sessions.history.chart import build_traffic_chart
from pingadmin.remote_sessions.history.time_range import RANGES, RangeForm
from pingadmin.remote_sessions.history.traffic import has_traffic
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.web.requests import PanelRequest

may_look_up = permission_required("remote_sessions.look_up", raise_exception=True)


@require_safe
@may_look_up
def chart(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """The traffic over ?range= or ?from=&to=: a page, or the fragment of it that htmx asks for."""
    session = get_object_or_404(RemoteSession, alias=alias, session_id=session_id)
    form = RangeForm(request.GET)
    is_valid = form.is_valid()
    card = build_card(session)
    has_chart = is_valid and has_traffic(session)
    part = "_no_traffic" if is_valid and not has_chart else "_chart"
    template = part = f"remote_sessions/history/{part}.html"
    # The browser's history restores whole pages.
    if not request.htmx or request.htmx.history_restore_request:
        template = "remote_sessions/history/chart.html"
    context = {
        "part": part,
        "session": session,
        "chart": build_traffic_chart(session, form.time_range_for(session)) if has_chart else None,
        "form": form,
        "ranges": RANGES,
        "card": card,
    }
    return render(request, template, context, status=200 if is_valid else 400)


@require_safe
@may_look_up
def download(request: PanelRequest, alias: str, session_id: str) -> StreamingHttpResponse:
    """The snapshots and gaps of ?range= or ?from=&to= as CSV; of the whole history by default.

    No audit event: the session's page shows the same to the same people, and none of it is from
    the audit log.
    """
    session = get_object_or_404(RemoteSession, alias=alias, session_id=session_id)
    form = RangeForm(request.GET)
    if not form.is_valid():
        raise BadRequest(
            "We can’t read that range. Choose it at the session’s chart, which marks the field."
        )
    time_range = form.time_range_for(session, default="all")
    name = csv_file.file_name(session, time_range)
    return StreamingHttpResponse(
        csv_file.encoded_lines(session, time_range),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
