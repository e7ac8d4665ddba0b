from django.urls import path

from pingadmin.resumes.bulk import views

app_name = "bulk"
urlpatterns = [
    path("", views.choose, name="choose"),
    path("start/", views.start, name="start"),
    path("<uuid:bulk_id>/", views.follow, name="progress"),
    path("<uuid:bulk_id>/now/", views.now, name="now"),
    path("<uuid:bulk_id>/stop/", views.stop, name="stop"),
    path("<uuid:bulk_id>/retry/", views.retry, name="retry"),
]
