from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "pingadmin.notifications"
    label = "notifications"
