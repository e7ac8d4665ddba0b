"""The page that lists what each upstream said about the ids it was asked for."""

from django.http import HttpResponse
from django.shortcuts import render

from pingadmin.remote_sessions.display.card import build_card
from pingadmin.remote_sessions.lookup.look_up import LookUpResult
from pingadmin.remote_sessions.lookup.search_input import MAX_IDS, find_tickets
from pingadmin.web.requests import PanelRequest


def findings_page(
    request: PanelRequest,
    findings: list[LookUpResult],
    *,
    query: str,
    left_out: int = 0,
    status: int = 200,
) -> HttpResponse:
    """One row for each account and id: the session as it is now known, or why there is no answer.

    left_out: how many ids were not asked for because there were too many.
    """
    rows = [
        (finding, build_card(finding.session) if finding.session else None) for finding in findings
    ]
    context = {
        "rows": rows,
        "query": query,
        "left_out": left_out,
        "most": MAX_IDS,
        "is_one_id": len({finding.session_id for finding in findings}) == 1,
        "has_found": any(card for _, card in rows),
        "offers_selection": request.user.has_perm("resumes.resume"),
        "ticket": next(iter(find_tickets(query)), ""),
    }
    return render(request, "remote_sessions/lookup/findings.html", context, status=status)


def missing_session_page(request: PanelRequest, finding: LookUpResult) -> HttpResponse:
    """The answer where the page of a session that we do not know was asked for: 404, or 503."""
    status = 404 if finding.error and finding.error.kind == "not_found" else 503
    return findings_page(request, [finding], query=finding.session_id, status=status)
