from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "pingadmin.web"
    label = "web"
