"""How the views answer: with a session's whole page, or with the part that an action changes."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.session_page.page import SessionPage
from pingadmin.web.requests import PanelRequest

WHOLE = "session_page/page.html"
# Everything below the page's title; the second with the team's bar, which stands in the title.
PART = "session_page/_session.html"
PART_WITH_BAR = "session_page/_session_and_bar.html"


def find_session(alias: str, session_id: str) -> RemoteSession:
    """The session that an address names. Raises Http404 where nothing is known of it."""
    return get_object_or_404(RemoteSession, alias=alias, session_id=session_id)


def show_whole(request: PanelRequest, page: SessionPage) -> HttpResponse:
    return render(request, WHOLE, {"page": page})


def show_part(request: PanelRequest, page: SessionPage) -> HttpResponse:
    return render(request, PART, {"page": page})


def show(
    request: PanelRequest, page: SessionPage, *, status: int = 200, part: str = PART
) -> HttpResponse:
    """The answer to an action: the part for htmx, the whole page without JavaScript."""
    return render(request, part if request.htmx else WHOLE, {"page": page}, status=status)
