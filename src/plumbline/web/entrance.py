"""The addresses of signing in, which allauth serves. What of it is not ours, `rules` closes."""

from __future__ import annotations

from allauth.socialaccount.providers.openid_connect import urls as openid
from django.urls import include, path

urlpatterns = [
    path("", include("allauth.account.urls")),
    path("settings/factors/", include("allauth.mfa.urls")),
    path("settings/sessions/", include("allauth.usersessions.urls")),
    path("provider/", include("allauth.socialaccount.urls")),
    path("", include(openid)),
]
