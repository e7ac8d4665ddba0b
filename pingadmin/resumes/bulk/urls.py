from django.urls import path

from pingadmin.resumes.bulk import views

app_name = "bulk"
urlpatterns = [
    path("", views.select, name="choose"),
    path("look-up/", views.look_up, name="look_up"),
    path("start/", views.start, name="start"),
    path("<uuid:bulk_id>/", views.show_progress, name="progress"),
    path("<uuid:bulk_id>/now/", views.show_progress_now, name="now"),
    path("<uuid:bulk_id>/stop/", views.stop, name="stop"),
    path("<uuid:bulk_id>/retry/", views.retry, name="retry"),
]
