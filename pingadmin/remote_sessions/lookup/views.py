"""The search box's answers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.findings import findings_page
from pingadmin.remote_sessions.lookup.look_up import look_up_many
from pingadmin.remote_sessions.lookup.search_input import parse_search_input


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
