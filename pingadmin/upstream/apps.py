from django.apps import AppConfig


class UpstreamConfig(AppConfig):
    name = "pingadmin.upstream"
    label = "upstream"
