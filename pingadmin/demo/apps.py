from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "pingadmin.demo"
    label = "demo"
