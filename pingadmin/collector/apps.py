from django.apps import AppConfig


class CollectorConfig(AppConfig):
    name = "pingadmin.collector"
    label = "collector"
