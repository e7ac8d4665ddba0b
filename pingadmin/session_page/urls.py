"""The addresses of one session's page, which begin with its account's alias and its id."""

from django.urls import include, path

from pingadmin.session_page import (
    action_views,
    answer_views,
    conversation_views,
    schedule_views,
    team_views,
    views,
)

app_name = "session"
urlpatterns = [
    path("<session_id:session_id>/", views.find, name="find"),
    path(
        "<alias:alias>/<session_id:session_id>/",
        include(
            [
                path("", views.page, name="page"),
                path("refresh/", views.refresh, name="refresh"),
                path("now/", views.now, name="now"),
                path("conversation/", conversation_views.conversation, name="conversation"),
                path("resume/", action_views.resume_session, name="resume"),
                path("resume-later/", schedule_views.schedule, name="schedule"),
                path(
                    "resume-later/<uuid:scheduled_id>/cancel/",
                    schedule_views.cancel_schedule,
                    name="cancel_schedule",
                ),
                path("answer/", answer_views.answer, name="answer"),
                path("pause/", action_views.pause_session, name="pause"),
                path(
                    "resumes/<uuid:attempt_id>/close/", action_views.resolve_outcome, name="resolve"
                ),
                path("team/", team_views.poll, name="poll"),
                path("watch/", team_views.watch, name="watch"),
                path("assign/", team_views.assign, name="assign"),
                path("notes/add/", team_views.add_note, name="add_note"),
            ]
        ),
    ),
]
