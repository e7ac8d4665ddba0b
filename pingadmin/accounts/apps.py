from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "pingadmin.accounts"
    label = "accounts"

    def ready(self):
        from pingadmin.accounts import recording

        post_migrate.connect(_sync_roles, sender=self)
        recording.connect()


def _sync_roles(**kwargs):
    # A release that changes the table needs no second step, and a fresh database has its roles.
    from pingadmin.accounts.syncing import sync_roles

    sync_roles()
