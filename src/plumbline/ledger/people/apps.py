"""The people as Django knows them."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Label and name of the app."""

    name = "plumbline.ledger.people"
    label = "people"
