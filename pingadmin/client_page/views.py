"""A client's page, what its system says of limits, and notes on the client."""

from dataclasses import replace

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.client_page.limits import load_limits
from pingadmin.client_page.page import Client, build_page, load_notes
from pingadmin.oversight.team.assignment import PERMISSION
from pingadmin.oversight.team.client_notes import write_note
from pingadmin.oversight.team.forms import NoteForm
from pingadmin.remote_sessions.lookup.limit_response import answers_limit_reached
from pingadmin.web.errors import error_response
from pingadmin.web.requests import PanelRequest

# A page of sessions further down than any client has.
MAX_PAGE_DIGITS = 7

may_look_up = permission_required("remote_sessions.look_up", raise_exception=True)
may_take_part = permission_required(PERMISSION, raise_exception=True)


@require_safe
@may_look_up
def page(request: PanelRequest, alias: str, client_name: str) -> HttpResponse:
    """What is known of one client, from our own database; ?page= of its sessions."""
    number = request.GET.get("page", "")
    is_number = number.isascii() and number.isdecimal() and len(number) <= MAX_PAGE_DIGITS
    return _show(request, Client(alias, client_name), number=int(number) if is_number else 1)


@require_safe
@may_look_up
@answers_limit_reached
def limits(request: PanelRequest, alias: str, client_name: str) -> HttpResponse:
    """Asks the account's system for its limits: a page, or the fragment that htmx asks for."""
    client = Client(alias, client_name)
    if not client.sessions.exists():
        return _answer_unknown(request, client)
    if not upstream.has_limits(alias):
        raise Http404
    context = {"client": client, "limits": load_limits(client, by=Actor.of(request))}
    # The browser's history restores whole pages.
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "client_page/_limits.html" if is_fragment else "client_page/limits.html"
    return render(request, template, context)


@require_POST
@may_take_part
def add_note(request: PanelRequest, alias: str, client_name: str) -> HttpResponse:
    """Add a note on the client."""
    client, form = Client(alias, client_name), NoteForm(request.POST)
    if not client.sessions.exists():
        return _answer_unknown(request, client)
    if not form.is_valid():
        return _show_refused(request, client, form)
    given = form.cleaned_data
    write_note(
        alias=alias,
        client_name=client_name,
        text=given["text"],
        form_id=given["form"],
        by=Actor.of(request),
    )
    if not request.htmx:
        return redirect(f"{client.get_absolute_url()}#notes")
    return render(request, "client_page/_notes.html", {"notes": load_notes(client, request.user)})


def _show_refused(request: PanelRequest, client: Client, form: NoteForm) -> HttpResponse:
    if not request.htmx:
        return _show(request, client, form=form, status=400)
    notes = load_notes(client, request.user, form=form)
    return render(request, "client_page/_notes.html", {"notes": notes}, status=400)


def _show(
    request: PanelRequest,
    client: Client,
    *,
    number: int = 1,
    form: NoteForm | None = None,
    status: int = 200,
) -> HttpResponse:
    page = build_page(client, request.user, number=number)
    if page is None:
        return _answer_unknown(request, client)
    page = replace(page, notes=replace(page.notes, form=form))
    return render(request, "client_page/page.html", {"page": page}, status=status)


def _answer_unknown(request: PanelRequest, client: Client) -> HttpResponse:
    return error_response(
        request,
        404,
        heading="No session of this client is known",
        sentence=f"The panel hasn’t met a session of it at {client.label}. The name must be "
        "written exactly as the system writes it. To find a session, paste its id into the "
        "search box.",
    )
