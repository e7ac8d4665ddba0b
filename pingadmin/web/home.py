"""Where a person begins: at the first page that their role may see."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

FIRST_PAGES = [
    ("remote_sessions.look_up", "oversight:board"),
    ("audit.read", "audit:log"),
]
PAGE_FOR_EVERYBODY = "mfa_index"


def home(request: HttpRequest) -> HttpResponse:
    for permission, page in FIRST_PAGES:
        if request.user.has_perm(permission):
            return redirect(page)
    return redirect(PAGE_FOR_EVERYBODY)
