"""The search box's answers, and asking an account for the list of its sessions."""

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.findings import findings_page
from pingadmin.remote_sessions.lookup.limit_response import answers_limit_reached
from pingadmin.remote_sessions.lookup.look_up import discover, look_up_many
from pingadmin.remote_sessions.lookup.search_input import parse_search_input
from pingadmin.upstream.errors import UpstreamError


@require_POST
@permission_required("remote_sessions.look_up", raise_exception=True)
@answers_limit_reached
def discover_sessions(request: HttpRequest, alias: str) -> HttpResponse:
    """Ask an account that can list for its sessions, then show all that is known of it."""
    if not upstream.can_list(alias):
        raise Http404
    try:
        discover(alias, by=Actor.of(request))
    except UpstreamError as error:
        context = {"label": upstream.get_label(alias), "error": error}
        return render(request, "remote_sessions/lookup/list_failed.html", context, status=503)
    return redirect(f"{reverse('oversight:board')}?view=all&system={alias}")


def answer_search(request: HttpRequest, text: str) -> HttpResponse:
    """Open the one session that the text names, or list what was said about each.

    Raises LimitReached.
    """
    search_input = parse_search_input(text)
    if search_input.problem:
        context = {"problem": search_input.problem, "query": text}
        return render(request, "remote_sessions/lookup/not_an_id.html", context, status=400)
    pairs = [(alias, session_id) for session_id, aliases in search_input.ids for alias in aliases]
    findings = look_up_many(pairs, by=Actor.of(request))
    sessions = [finding.session for finding in findings if finding.session]
    if len(search_input.ids) == 1 and len(sessions) == 1:
        return redirect(sessions[0])
    return findings_page(request, findings, query=text, left_out=search_input.left_out)
