"""The search box: its answers, and what it suggests while somebody types.

Our own records answer first. An upstream is asked only for what may be an id there.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, get_script_prefix, resolve
from django.views.decorators.http import require_safe

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.search.own_records import (
    OwnRecords,
    RecordKind,
    find_clients_named_in,
    find_own_records,
)
from pingadmin.remote_sessions.lookup.findings import findings_page
from pingadmin.remote_sessions.lookup.look_up import look_up_many
from pingadmin.remote_sessions.lookup.search_input import (
    SearchInput,
    find_tickets,
    parse_search_input,
    strip_wrapping,
)
from pingadmin.web.requests import PanelRequest

MAX_SUGGESTIONS = 8
# Pages that a pasted link of ours opens; those of sessions are found by their id.
_OWN_PAGES = {"audit:entry", "bulk:progress", "client:page"}

may_look_up = permission_required("remote_sessions.look_up", raise_exception=True)


def answer_search(request: PanelRequest, text: str) -> HttpResponse:
    """Opens the one thing that the text names, or lists what is known and what was answered.

    Raises LimitReached.
    """
    own_page = _find_own_page(text, request)
    if own_page:
        return redirect(own_page)
    search_input = parse_search_input(text)
    is_asked_for = "ask" in request.GET
    matches = OwnRecords() if is_asked_for else _find_records(search_input, text, request)
    exact = [record for record in matches.records if record.is_exact]
    # What could not be searched may hold another one of that name, but not of that id.
    is_an_id = bool(search_input.ids) and search_input.is_likely
    is_whole = is_an_id or not matches.unsearched
    if len(exact) == 1 and is_whole:
        return redirect(exact[0].address)
    is_list = bool(matches.records) and not is_an_id
    if exact or not is_whole or is_list:
        return _show_records(request, matches, search_input, text)
    if search_input.problem and (named := find_clients_named_in(strip_wrapping(text))):
        return _show_records(request, OwnRecords(named), search_input, text, is_by_word=True)
    if not (search_input.is_possible or is_asked_for):
        return _show_records(request, matches, search_input, text)
    if search_input.problem:
        context = {"problem": search_input.problem, "query": text}
        return render(request, "remote_sessions/lookup/not_an_id.html", context, status=400)
    return _ask_upstreams(request, search_input, text)


@require_safe
@may_look_up
def suggest(request: PanelRequest) -> HttpResponse:
    """The best of our own records for what was typed so far, as a part of the page."""
    text = strip_wrapping(request.GET.get("q", ""))
    matches = find_own_records(text, request.user)
    context = {
        "records": matches.records[:MAX_SUGGESTIONS],
        "unsearched": matches.unsearched,
        "query": text,
    }
    return render(request, "oversight/search/_suggestions.html", context)


def _find_own_page(text: str, request: PanelRequest) -> str:
    """The path of a pasted link to a page of ours, "" for anything else."""
    host, _, path = text.strip().rpartition("://")[2].partition("/")
    if host and host not in (request.get_host(), urlsplit(settings.PANEL_URL).netloc):
        return ""
    path = f"/{path}".partition("?")[0].partition("#")[0]
    path = path.removeprefix(get_script_prefix()).strip("/") + "/"
    try:
        match = resolve(f"/{path}")
    except Resolver404:
        return ""
    return get_script_prefix() + path if match.view_name in _OWN_PAGES else ""


def _find_records(search_input: SearchInput, text: str, request: PanelRequest) -> OwnRecords:
    """Our records of the one id in the text, or else of the text as a whole, or of its ticket."""
    if len(search_input.ids) > 1:
        return OwnRecords()
    if search_input.ids:
        [(session_id, aliases)] = search_input.ids
        matches = find_own_records(session_id, request.user)
        matches.records = [each for each in matches.records if each.alias in ("", *aliases)]
        return matches
    matches = find_own_records(strip_wrapping(text), request.user)
    for ticket in find_tickets(text)[:1]:
        if not matches.records:
            matches = find_own_records(ticket, request.user)
    return matches


def _show_records(
    request: PanelRequest,
    matches: OwnRecords,
    search_input: SearchInput,
    text: str,
    *,
    is_by_word: bool = False,
) -> HttpResponse:
    """is_by_word: whether these are clients that a word of the text names."""
    context = {
        "is_by_word": is_by_word,
        "groups": [
            (kind, of_kind)
            for kind in RecordKind
            if (of_kind := [record for record in matches.records if record.kind == kind])
        ],
        "unsearched": matches.unsearched,
        "query": text,
        "may_be_id": bool(search_input.ids),
        "accounts": [upstream.get_label(alias) for _, names in search_input.ids for alias in names],
    }
    return render(request, "oversight/search/records.html", context)


def _ask_upstreams(request: PanelRequest, search_input: SearchInput, text: str) -> HttpResponse:
    pairs = [(alias, session_id) for session_id, aliases in search_input.ids for alias in aliases]
    findings = look_up_many(pairs, by=Actor.of(request))
    sessions = [finding.session for finding in findings if finding.session]
    if len(search_input.ids) == 1 and len(sessions) == 1:
        return redirect(sessions[0])
    return findings_page(request, findings, query=text, left_out=search_input.left_out)
