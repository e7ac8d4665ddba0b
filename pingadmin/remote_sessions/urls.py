from django.urls import path

from pingadmin.remote_sessions.history import views as history_views
from pingadmin.remote_sessions.lookup import views

app_name = "remote_sessions"
urlpatterns = [
    path("<alias:alias>/discover/", views.discover_sessions, name="discover"),
    path("<alias:alias>/<session_id:session_id>/chart/", history_views.chart, name="chart"),
    path(
        "<alias:alias>/<session_id:session_id>/history.csv", history_views.download, name="history"
    ),
]
