"""The addresses of people, for administrators."""

from django.urls import include, path

from pingadmin.accounts.people_pages import views

app_name = "people"
urlpatterns = [
    path("", views.list_people, name="list"),
    path("add/", views.add, name="add"),
    path(
        "<int:person_id>/",
        include(
            [
                path("", views.show_person, name="person"),
                path("details/", views.change_details, name="change_details"),
                path("role/", views.set_role, name="set_role"),
                path("password/", views.set_password, name="set_password"),
                path("active/", views.set_active, name="set_active"),
                path("second-factor/reset/", views.reset_second_factor, name="reset_factor"),
                path("sign-ins/end/", views.end_sign_ins, name="end_sign_ins"),
            ]
        ),
    ),
]
