"""A session's page, "Look again", and the answers to what was pasted into the box."""

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.display.card import card_for
from pingadmin.remote_sessions.display.page import page_context
from pingadmin.remote_sessions.lookup.limit_response import answers_limit_reached
from pingadmin.remote_sessions.lookup.look_up import LookUpResult, discover, look_up, look_up_many
from pingadmin.remote_sessions.lookup.search_input import MAX_IDS, parse_search_input
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.upstream.errors import UpstreamError

may_look_up = permission_required("remote_sessions.look_up", raise_exception=True)


@require_safe
@may_look_up
@answers_limit_reached
def session_page(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """What is known of one session; asks at once only where nothing is known yet."""
    canonical_id = upstream.canonical_id(alias, session_id)
    if session_id != canonical_id:
        return redirect("remote_sessions:session", alias, canonical_id)
    session = RemoteSession.objects.filter(alias=alias, session_id=session_id).first()
    is_known = session is not None
    if not is_known:
        finding = _look_up(request, alias, session_id)
        if finding.session is None:
            return _render_findings(
                request, [finding], query=session_id, status=_status_of(finding)
            )
        session = finding.session
    return render(
        request, "remote_sessions/session.html", page_context(session) | {"ask_on_load": is_known}
    )


@require_POST
@may_look_up
@answers_limit_reached
def refresh(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """Look again, and show the card as it is now known."""
    session = RemoteSession.objects.filter(alias=alias, session_id=session_id).first()
    if alias not in upstream.aliases() and session:
        return redirect("remote_sessions:session", alias, session_id)
    finding = _look_up(request, alias, session_id)
    if finding.session is None:
        return _render_findings(request, [finding], query=session_id, status=_status_of(finding))
    if not request.htmx:
        return redirect("remote_sessions:session", alias, session_id)
    return render(request, "remote_sessions/_session.html", page_context(finding.session))


@require_POST
@may_look_up
@answers_limit_reached
def discover_sessions(request: HttpRequest, alias: str) -> HttpResponse:
    """Ask an account that can list for its sessions, then show all that is known of it."""
    if not upstream.can_list(alias):
        raise Http404
    try:
        discover(alias, by=Actor.of(request))
    except UpstreamError as error:
        context = {"label": upstream.label_of(alias), "error": error}
        return render(request, "remote_sessions/list_failed.html", context, status=503)
    return redirect(f"{reverse('oversight:board')}?view=all&system={alias}")


def answer_paste(request: HttpRequest, text: str) -> HttpResponse:
    """Open the one session that the text names, or show what was answered about each. Raises LimitReached."""
    pasted = parse_search_input(text)
    if pasted.problem:
        context = {"problem": pasted.problem, "query": text}
        return render(request, "remote_sessions/not_an_id.html", context, status=400)
    pairs = [(alias, session_id) for session_id, aliases in pasted.ids for alias in aliases]
    findings = look_up_many(pairs, by=Actor.of(request))
    known = [finding for finding in findings if finding.session]
    if len(pasted.ids) == 1 and len(known) == 1:
        return redirect("remote_sessions:session", known[0].alias, known[0].session_id)
    return _render_findings(request, findings, query=text, left_out=pasted.left_out)


def _render_findings(
    request, findings: list[LookUpResult], *, query: str, left_out: int = 0, status: int = 200
):
    """One line for each account and id that was asked: the session's card, or what the upstream answered."""
    rows = [
        (finding, card_for(finding.session) if finding.session else None) for finding in findings
    ]
    only = len({finding.session_id for finding in findings}) == 1
    context = {"rows": rows, "query": query, "left_out": left_out, "most": MAX_IDS, "only": only}
    context["found"] = any(card for _, card in rows)
    return render(request, "remote_sessions/findings.html", context, status=status)


def _look_up(request: HttpRequest, alias: str, session_id: str) -> LookUpResult:
    try:
        return look_up(alias, session_id, by=Actor.of(request))
    except upstream.UnknownAlias:
        raise Http404 from None


def _status_of(finding: LookUpResult) -> int:
    return 404 if finding.error.kind == "not_found" else 503
