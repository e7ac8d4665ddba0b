"""A session's page, "Look again", and the page's part that is polled while an action is running."""

from dataclasses import replace
from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.findings import missing_session_page
from pingadmin.remote_sessions.lookup.limit_response import answers_limit_reached
from pingadmin.remote_sessions.lookup.look_up import LookUpResult, look_up
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.session_page.page import build_page
from pingadmin.session_page.responses import find_session, show_part, show_whole
from pingadmin.web.requests import PanelRequest

may_look_up = permission_required("remote_sessions.look_up", raise_exception=True)


@require_safe
@may_look_up
@answers_limit_reached
def page(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """What is known of one session. Asks the upstream only where nothing is known yet."""
    canonical_id = upstream.canonical_id(alias, session_id)
    if session_id != canonical_id:
        return redirect("session:page", alias, canonical_id)
    session = RemoteSession.objects.find(alias, session_id)
    if session is not None:
        page = build_page(session, request.user)
        return show_whole(request, replace(page, looks_on_load=True))
    finding = _look_up(request, alias, session_id)
    if finding.session is None:
        return missing_session_page(request, finding)
    return show_whole(request, build_page(finding.session, request.user))


@require_safe
@may_look_up
def find(request: PanelRequest, session_id: str) -> HttpResponse:
    """An address without an account: leads to the session, or searches where that isn't clear."""
    known = [
        session
        for alias in upstream.aliases()
        if (session := RemoteSession.objects.find(alias, upstream.canonical_id(alias, session_id)))
    ]
    if len(known) == 1:
        return redirect(known[0])
    return redirect(f"{reverse('oversight:board')}?{urlencode({'q': session_id})}")


@require_POST
@may_look_up
@answers_limit_reached
def refresh(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Look again, and show what is known then."""
    session = RemoteSession.objects.find(alias, session_id)
    if session and alias not in upstream.aliases():
        return redirect(session)
    finding = _look_up(request, alias, session_id)
    if finding.session is None:
        return missing_session_page(request, finding)
    if not request.htmx:
        return redirect(finding.session)
    page = build_page(finding.session, request.user)
    return show_part(request, replace(page, looked=finding))


@require_safe
@may_look_up
def now(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """The page as our own database has it; the upstream is not asked."""
    return show_part(request, build_page(find_session(alias, session_id), request.user))


def _look_up(request: PanelRequest, alias: str, session_id: str) -> LookUpResult:
    try:
        return look_up(alias, session_id, by=Actor.of(request))
    except upstream.UnknownAlias:
        raise Http404 from None
