"""The panel's addresses, and /changelist/: Django's admin with the same sessions and columns, 1,000
to a page.
"""

from django.contrib import admin
from django.urls import path

from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.urls import handler400, handler403, handler404, handler500, urlpatterns  # noqa: F401


class OpenSite(admin.AdminSite):
    def has_permission(self, request):
        return True


class Sessions(admin.ModelAdmin):
    list_per_page = 1000
    list_select_related = ("team__assigned_to",)
    list_display = (
        "state",
        "session_id",
        "alias",
        "client_name",
        "paused_reported",
        "paused_reported_at",
        "downloaded_bytes",
        "uploaded_bytes",
        "last_seen_at",
        "source",
        "assigned",
    )
    actions = ("resume",)

    @admin.display
    def assigned(self, session):
        return session.team.assigned_to

    @admin.action
    def resume(self, request, sessions):
        """There only so that rows have boxes to choose them, as the board's have."""

    def has_view_permission(self, request, obj=None):
        return True

    has_change_permission = has_view_permission


site = OpenSite(name="changelist")
site.register(RemoteSession, Sessions)
urlpatterns = [path("changelist/", site.urls), *urlpatterns]
