from django.apps import AppConfig


class RemoteSessionsConfig(AppConfig):
    name = "pingadmin.remote_sessions"
    label = "remote_sessions"
