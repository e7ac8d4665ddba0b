from django.urls import path

from pingadmin.oversight.board import views
from pingadmin.oversight.team import my_sessions
from pingadmin.oversight.team import views as team_views

app_name = "oversight"
urlpatterns = [
    path("", views.board, name="board"),
    path("rows/", views.rows, name="rows"),
    path("views/", views.save_view, name="save_view"),
    path("views/<int:view_id>/rename/", views.rename_view, name="rename_view"),
    path("views/<int:view_id>/delete/", views.delete_view, name="delete_view"),
    path("handover/", my_sessions.handover, name="handover"),
    path("<alias:alias>/<session_id:session_id>/team/", team_views.team_now, name="team"),
    path("<alias:alias>/<session_id:session_id>/watch/", team_views.watch, name="watch"),
    path("<alias:alias>/<session_id:session_id>/assign/", team_views.assign, name="assign"),
    path("<alias:alias>/<session_id:session_id>/notes/", team_views.all_notes, name="notes"),
    path(
        "<alias:alias>/<session_id:session_id>/notes/add/", team_views.write_note, name="write_note"
    ),
]
