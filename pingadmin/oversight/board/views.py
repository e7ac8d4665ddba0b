"""The board, its polls, asking an account for its list, and the views that the team saves."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.board import live, page, saved_views
from pingadmin.oversight.board.columns import CHOICES, move_up
from pingadmin.oversight.board.cursor import decode_shown, parse_cursor
from pingadmin.oversight.board.filters import LARGE_PAGE_SIZE, BoardFilter
from pingadmin.oversight.models import SavedView
from pingadmin.oversight.search.views import answer_search
from pingadmin.remote_sessions.lookup.limit_response import answers_limit_reached
from pingadmin.remote_sessions.lookup.look_up import discover
from pingadmin.upstream.errors import UpstreamError
from pingadmin.web.requests import PanelRequest

# A poll's answer says how many seconds ago anything was last received: a 304 has no body for it.
RECEIVED_AGE_HEADER = "X-Received-Age"
MAX_TYPED_NAME, MAX_TYPED_QUERY = 200, 2000

may_look_up = permission_required("remote_sessions.look_up", raise_exception=True)
may_take_part = permission_required("oversight.take_part", raise_exception=True)


@require_safe
@may_look_up
@answers_limit_reached
def board(request: PanelRequest) -> HttpResponse:
    """The team's board; with ?q= the results of a search from the box."""
    if "q" in request.GET:
        return answer_search(request, request.GET["q"])
    board_filter = BoardFilter(request.GET)
    if board_filter.at:
        context = page.past_board_context(board_filter, request.user, at=board_filter.at)
    else:
        context = page.board_context(board_filter, request.user)
    return render(request, "oversight/board/board.html", context)


@require_POST
@may_look_up
@answers_limit_reached
def discover_sessions(request: PanelRequest, alias: str) -> HttpResponse:
    """Ask an account that can list for its sessions, then show all that is known of it."""
    if not upstream.can_list(alias):
        raise Http404
    try:
        discover(alias, by=Actor.of(request))
    except UpstreamError as error:
        context = {"label": upstream.get_label(alias), "error": error}
        return render(request, "oversight/board/list_failed.html", context, status=503)
    return redirect(f"{reverse('oversight:board')}?view=all&system={alias}")


@require_safe
def rows(request: PanelRequest) -> HttpResponse:
    """What changed on an open board since its cursor: 304 where nothing did."""
    # Asked every few seconds by every open board: the decorator would take a query more.
    if not live.has_permission(request.user, "remote_sessions.look_up"):
        raise PermissionDenied
    cursor = parse_cursor(request.GET.get("since", ""))
    if cursor is None:
        raise BadRequest("since is not a cursor of the board")
    status = live.load_status(start=cursor.start, now=timezone.now())
    if live.is_unchanged(cursor, status):
        return _with_received_age(HttpResponse(status=304), status)
    try:
        shown = decode_shown(request.GET.get("shown", ""), max_sessions=LARGE_PAGE_SIZE)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    context = page.poll_context(BoardFilter(request.GET), request.user, cursor=cursor, shown=shown)
    return _with_received_age(render(request, "oversight/board/_poll.html", context), status)


@require_POST
@may_look_up
def choose_columns(request: PanelRequest) -> HttpResponse:
    """Keep the columns that a person ticked, in the order of the form, one of them moved up."""
    order, ticked = request.POST.getlist("order"), set(request.POST.getlist("columns"))
    known, moved = {column.key for column in CHOICES}, request.POST.get("up", "")
    if not ticked <= set(order) <= known or (moved and moved not in order):
        messages.error(request, "There is no such column. Choose in the menu above the board.")
    else:
        order = move_up(order, moved) if moved else order
        chosen = [key for key in order if key in ticked]
        getattr(request.user, "change_own_settings")(columns=chosen)  # noqa: B009
    board_filter = BoardFilter.from_query(request.POST.get("query", "")[:MAX_TYPED_QUERY])
    return redirect(board_filter.get_absolute_url(columns=""))


@require_POST
@may_take_part
def save_view(request: PanelRequest) -> HttpResponse:
    """Save the filter that the form's page showed under a name."""
    board_filter = BoardFilter.from_query(request.POST.get("query", "")[:MAX_TYPED_QUERY])
    name, query = request.POST.get("name", ""), board_filter.urlencode(page="", at="")
    try:
        view = saved_views.save_view(name=name, query=query, by=Actor.of(request))
    except saved_views.SavedViewError as problem:
        messages.error(request, str(problem))
        # The address carries the refused name, so that the form holds it again.
        return redirect(board_filter.get_absolute_url(save_as=name[:MAX_TYPED_NAME]))
    return redirect(view)


@require_POST
@may_take_part
def rename_view(request: PanelRequest, view_id: int) -> HttpResponse:
    """Give a saved view another name."""
    view, name = get_object_or_404(SavedView, pk=view_id), request.POST.get("name", "")
    try:
        saved_views.rename_view(view_id, name=name, by=Actor.of(request))
    except SavedView.DoesNotExist:
        raise Http404 from None
    except saved_views.SavedViewError as problem:
        messages.error(request, str(problem))
        board_filter = BoardFilter.from_query(view.query)
        return redirect(board_filter.get_absolute_url(rename_to=name[:MAX_TYPED_NAME]))
    return redirect(view)


@require_POST
@may_take_part
def delete_view(request: PanelRequest, view_id: int) -> HttpResponse:
    """Delete a saved view, for everybody."""
    saved_views.delete_view(view_id, by=Actor.of(request))
    return redirect("oversight:board")


def _with_received_age(response: HttpResponse, status: live.BoardStatus) -> HttpResponse:
    if status.is_live:
        age = (status.now - status.received_at).total_seconds()
        response[RECEIVED_AGE_HEADER] = str(max(0, int(age)))
    return response
