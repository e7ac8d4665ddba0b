from django.urls import path

from pingadmin.demo import welcome

app_name = "demo"
urlpatterns = [
    path("sign-in/", welcome.sign_in, name="sign_in"),
    path("dismiss/", welcome.dismiss, name="dismiss"),
]
