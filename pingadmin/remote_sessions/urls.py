from django.urls import path, register_converter

from pingadmin.remote_sessions.converters import AliasConverter, SessionIdConverter
from pingadmin.remote_sessions.history import views as history_views
from pingadmin.remote_sessions.lookup import views

register_converter(AliasConverter, "alias")
register_converter(SessionIdConverter, "session_id")

app_name = "remote_sessions"
urlpatterns = [
    path("<alias:alias>/discover/", views.discover_sessions, name="discover"),
    path("<alias:alias>/<session_id:session_id>/", views.session_page, name="session"),
    path("<alias:alias>/<session_id:session_id>/refresh/", views.refresh, name="refresh"),
    path("<alias:alias>/<session_id:session_id>/chart/", history_views.chart, name="chart"),
    path(
        "<alias:alias>/<session_id:session_id>/history.csv", history_views.download, name="history"
    ),
]
