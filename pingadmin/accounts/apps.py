from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "pingadmin.accounts"
    label = "accounts"
