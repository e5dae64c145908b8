"""The site as Django knows it."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Label and name of the app."""

    name = "plumbline.web"
    label = "web"
