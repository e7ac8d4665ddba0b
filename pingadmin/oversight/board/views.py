"""The board, what it asks for by itself, and the views of it that the team saves."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.board import live, page, saved_views
from pingadmin.oversight.board.cursor import read_mark, read_shown
from pingadmin.oversight.board.filters import LARGE, Question, question_of
from pingadmin.oversight.models import SavedView
from pingadmin.remote_sessions.lookup.limit_response import answers_limit_reached
from pingadmin.remote_sessions.lookup.views import answer_search

may_look_up = permission_required("remote_sessions.look_up", raise_exception=True)
may_take_part = permission_required("oversight.take_part", raise_exception=True)


@require_safe
@may_look_up
@answers_limit_reached
def board(request: HttpRequest) -> HttpResponse:
    """The team's board; with ?q= the answers to what was pasted into the box."""
    if "q" in request.GET:
        return answer_search(request, request.GET["q"])
    question = Question(request.GET)
    build = page.past_page_context if question.at else page.page_context
    return render(request, "oversight/board.html", build(question, person=request.user))


@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """What changed on an open board since its mark: 304 where nothing did."""
    if not live.may(request.user, "remote_sessions.look_up"):
        raise PermissionDenied
    mark = read_mark(request.GET.get("since", ""))
    if mark is None:
        raise BadRequest("since is no mark of the board's")
    around = live.standing(start=mark.start, now=timezone.now())
    if live.nothing_changed(mark, around):
        return _heard(HttpResponse(status=304), around)
    try:
        shown = read_shown(request.GET.get("shown", ""), most=LARGE)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    context = page.changes_context(
        Question(request.GET), mark=mark, shown=shown, person=request.user
    )
    return _heard(render(request, "oversight/_changes.html", context), around)


@require_POST
@may_take_part
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the question that the form was drawn for under a name."""
    question = question_of(request.POST.get("query", "")[:2000])
    query = question.urlencode(page="", at="")
    try:
        view = saved_views.save_view(
            name=request.POST.get("name", ""), query=query, by=Actor.of(request)
        )
    except saved_views.CannotSave as problem:
        messages.error(request, str(problem))
        return redirect(page.address_of(question, save_as=_typed(request)))
    return redirect(page.address_of(question_of(view.query)))


@require_POST
@may_take_part
def rename_view(request: HttpRequest, view_id: int) -> HttpResponse:
    view = get_object_or_404(SavedView, pk=view_id)
    refused = ""
    try:
        saved_views.rename_view(view_id, name=request.POST.get("name", ""), by=Actor.of(request))
    except SavedView.DoesNotExist:
        raise Http404 from None
    except saved_views.CannotSave as problem:
        messages.error(request, str(problem))
        refused = _typed(request)
    return redirect(page.address_of(question_of(view.query), rename_to=refused))


@require_POST
@may_take_part
def delete_view(request: HttpRequest, view_id: int) -> HttpResponse:
    saved_views.delete_view(view_id, by=Actor.of(request))
    return redirect("oversight:board")


def _typed(request: HttpRequest) -> str:
    """The name that was refused, for the form to hold when the board is shown again."""
    return request.POST.get("name", "")[:200]


def _heard(response: HttpResponse, around: live.Standing) -> HttpResponse:
    """Say how many seconds ago anything was watched at last: a 304 has no other way to."""
    if around.is_live:
        response["X-Heard"] = str(max(0, int((around.now - around.received_at).total_seconds())))
    return response
