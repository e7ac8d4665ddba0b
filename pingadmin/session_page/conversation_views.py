"""What an agent's session asks and last did: a page of its own, and the panel that htmx loads."""

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.conversation.panel import build_conversation_panel
from pingadmin.remote_sessions.conversation.reading import read_for_person, read_for_poll
from pingadmin.remote_sessions.lookup.limit_response import answers_limit_reached
from pingadmin.resumes.answering.panel import build_answer_panel
from pingadmin.resumes.panel import build_panel
from pingadmin.session_page.responses import find_session
from pingadmin.web.requests import PanelRequest

may_look_up = permission_required("remote_sessions.look_up", raise_exception=True)


@require_safe
@may_look_up
@answers_limit_reached
def conversation(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Reads the session's messages and shows them: a page, or the fragment that htmx asks for.

    A poll of an open page sends the version that it has; 204 where nothing changed since.
    """
    session = find_session(alias, session_id)
    if not upstream.can_converse(alias):
        raise Http404
    is_fragment = request.htmx and not request.htmx.history_restore_request
    if is_fragment and request.headers.get("X-Poll") and "have" in request.GET:
        reading = read_for_poll(session, have=request.GET["have"])
        template = "session_page/conversation/_update.html"
    else:
        reading = read_for_person(session, by=Actor.of(request))
        name = "_loaded" if is_fragment else "page"
        template = f"session_page/conversation/{name}.html"
    if reading is None:
        return HttpResponse(status=204)
    context: dict[str, object] = {"panel": build_conversation_panel(session, reading)}
    if not is_fragment:
        resume_panel = build_panel(session, request.user)
        context["answer_panel"] = build_answer_panel(session, request.user, resume_panel)
    return render(request, template, context)
