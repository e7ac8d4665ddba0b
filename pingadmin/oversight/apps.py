from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "pingadmin.oversight"
    label = "oversight"
