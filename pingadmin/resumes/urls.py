from django.urls import path

from pingadmin.resumes import views

app_name = "resumes"
urlpatterns = [
    path("<alias:alias>/<session_id:session_id>/resume/", views.resume_session, name="resume"),
    path("<alias:alias>/<session_id:session_id>/pause/", views.pause_session, name="pause"),
    path("<alias:alias>/<session_id:session_id>/now/", views.session_now, name="now"),
    path(
        "<alias:alias>/<session_id:session_id>/resumes/<uuid:attempt_id>/close/",
        views.close,
        name="close",
    ),
]
