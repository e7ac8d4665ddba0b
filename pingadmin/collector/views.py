"""The health page, the alarm on every page, and the figures for Prometheus."""

import hmac
import ipaddress

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotModified
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pingadmin.collector import alarm_notice, health, metrics

PROXY_HEADERS = (
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-Ip",
    "Forwarded",
    "Via",
)


@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    """How well each account is received, and what to do where it is not."""
    _require_permission(request)
    return render(request, "collector/health.html", {"health": health.read_health()})


@require_safe
def health_now(request: HttpRequest) -> HttpResponse:
    """The same as a fragment; 304 while it is what the page shows already."""
    _require_permission(request)
    current = health.read_health()
    if request.GET.get("seen") == current.version:
        return HttpResponseNotModified()
    return render(request, "collector/_health.html", {"health": current})


@require_safe
def alarm(request: HttpRequest) -> HttpResponse:
    """The alarm that an open page polls for; 304 while it is what the page shows already."""
    notice = alarm_notice.alarm_notice(request)
    if notice is None:
        # The last account was removed from the settings: the page stops polling.
        return HttpResponse()
    if request.GET.get("seen") == notice.version:
        return HttpResponseNotModified()
    return render(request, alarm_notice.TEMPLATE, {"notice": notice})


@login_not_required
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """/metrics, for a scraper on this machine, or one with the token."""
    if not _is_on_this_machine(request) and not _has_token(request):
        refusal = (
            "Ask from this machine, or with METRICS_TOKEN over HTTPS: Authorization: Bearer ...\n"
        )
        return HttpResponseForbidden(refusal, content_type="text/plain; charset=utf-8")
    return HttpResponse(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _require_permission(request: HttpRequest) -> None:
    if not (
        request.user.has_perm("remote_sessions.look_up")
        or request.user.has_perm("accounts.view_user")
    ):
        raise PermissionDenied


def _is_on_this_machine(request: HttpRequest) -> bool:
    """Whether the request came straight from this machine.

    Behind a proxy every request seems to: one that came through a proxy, or may have, does not
    count.
    """
    behind_proxy = settings.ALLAUTH_TRUSTED_PROXY_COUNT or settings.SECURE_PROXY_SSL_HEADER
    if behind_proxy or any(name in request.headers for name in PROXY_HEADERS):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _has_token(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN.reveal()
    given = request.headers.get("Authorization", "")
    # Without a token in the settings an empty one would be right.
    is_right = hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    return bool(token) and is_right and (request.is_secure() or not settings.HTTPS_ONLY)
