from django.urls import path

from pingadmin.remote_sessions.history import views

app_name = "remote_sessions"
urlpatterns = [
    path("<alias:alias>/<session_id:session_id>/chart/", views.chart, name="chart"),
    path("<alias:alias>/<session_id:session_id>/history.csv", views.download, name="history"),
]
