"""The table of contents: every address of the panel."""

from django.conf import settings
from django.urls import include, path

from pingadmin.accounts import admin
from pingadmin.web import home

urlpatterns = [
    path("", home.home, name="home"),
    path("sessions/", include("pingadmin.remote_sessions.urls")),
    path("sessions/", include("pingadmin.oversight.urls")),
    path("sessions/", include("pingadmin.session_page.urls")),
    path("clients/", include("pingadmin.client_page.urls")),
    path("resumes/bulk/", include("pingadmin.resumes.bulk.urls")),
    path("audit/", include("pingadmin.audit.urls")),
    path("", include("pingadmin.collector.urls")),
    path("accounts/", include("pingadmin.accounts.urls")),
    path("people/", include("pingadmin.accounts.people_pages.urls")),
    path("admin/", admin.site.urls),
    path("", include("pingadmin.web.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("pingadmin.demo.urls")))

handler400 = "pingadmin.web.errors.bad_request"
handler403 = "pingadmin.web.errors.forbidden"
handler404 = "pingadmin.web.errors.not_found"
handler500 = "pingadmin.web.errors.server_error"
