from django.urls import path

from pingadmin.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.log, name="log"),
    path("<int:seq>/", views.story, name="story"),
]
