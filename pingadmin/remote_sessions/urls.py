from django.urls import path, register_converter

from pingadmin.remote_sessions import views
from pingadmin.remote_sessions.converters import AliasConverter, SessionIdConverter

register_converter(AliasConverter, "alias")
register_converter(SessionIdConverter, "session_id")

app_name = "remote_sessions"
urlpatterns = [
    path("", views.front_door, name="front_door"),
    path("<alias:alias>/discover/", views.discover_sessions, name="discover"),
    path("<alias:alias>/<session_id:session_id>/", views.session_page, name="session"),
    path("<alias:alias>/<session_id:session_id>/refresh/", views.refresh, name="refresh"),
]
