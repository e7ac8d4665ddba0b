"""The addresses of one client's page, which begin with its account's alias and its name."""

from django.urls import include, path

from pingadmin.client_page import views

app_name = "client"
urlpatterns = [
    path(
        "<alias:alias>/<client_name:client_name>/",
        include(
            [
                path("", views.page, name="page"),
                path("limits/", views.limits, name="limits"),
                path("notes/add/", views.add_note, name="add_note"),
            ]
        ),
    ),
]
