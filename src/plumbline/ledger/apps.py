"""The ledger as Django knows it."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Label and name of the app."""

    name = "plumbline.ledger"
    label = "ledger"
