from django.urls import path

from pingadmin.collector import views

app_name = "collector"
urlpatterns = [
    path("collector/", views.health_page, name="health"),
    path("collector/now/", views.health_now, name="now"),
    path("collector/alarm/", views.alarm, name="alarm"),
    path("metrics", views.figures, name="metrics"),
]
