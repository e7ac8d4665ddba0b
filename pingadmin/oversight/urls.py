from django.urls import path

from pingadmin.oversight.board import views
from pingadmin.oversight.search import views as search_views
from pingadmin.oversight.team import my_sessions
from pingadmin.oversight.team import views as team_views

app_name = "oversight"
urlpatterns = [
    path("", views.board, name="board"),
    path("rows/", views.rows, name="rows"),
    path("suggestions/", search_views.suggest, name="suggest"),
    path("columns/", views.choose_columns, name="choose_columns"),
    path("views/", views.save_view, name="save_view"),
    path("views/<int:view_id>/rename/", views.rename_view, name="rename_view"),
    path("views/<int:view_id>/delete/", views.delete_view, name="delete_view"),
    path("<alias:alias>/discover/", views.discover_sessions, name="discover"),
    path("handover/", my_sessions.handover, name="handover"),
    path("<alias:alias>/<session_id:session_id>/notes/", team_views.activity, name="activity"),
]
