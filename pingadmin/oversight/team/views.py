"""All that the team wrote and did about one session, on a page of its own."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from pingadmin.oversight.models import TeamEntry
from pingadmin.remote_sessions.models import RemoteSession

PAGE_SIZE = 100
# Larger numbers do not fit into the database's column.
LARGEST_ID = 2**62


@require_safe
@permission_required("remote_sessions.look_up", raise_exception=True)
def activity(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """The team's activity, newest first; with ?before= the entries older than that one."""
    session = get_object_or_404(RemoteSession, alias=alias, session_id=session_id)
    entries = TeamEntry.objects.filter(session=session).newest_first()
    before = request.GET.get("before", "")
    if before.isdecimal():
        entries = entries.filter(pk__lt=min(int(before), LARGEST_ID))
    # One more than is shown says whether there is a next page.
    page = list(entries[: PAGE_SIZE + 1])
    context = {
        "session": session,
        "entries": page[:PAGE_SIZE],
        "is_newest": not before,
        "older": page[PAGE_SIZE - 1].pk if len(page) > PAGE_SIZE else None,
    }
    return render(request, "oversight/team/activity.html", context)
