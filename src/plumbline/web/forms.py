"""Forms of allauth in our words."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from django.contrib.auth.password_validation import password_validators_help_text_html


class SignIn(LoginForm):  # type: ignore[misc] # published without types
    """Name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Name"
        _plain(self)


class Again(ReauthenticateForm):  # type: ignore[misc] # published without types
    """The password once more, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)


class Change(ChangePasswordForm):  # type: ignore[misc] # published without types
    """The password that is, and the one that shall be."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["password1"].help_text = password_validators_help_text_html()


def _plain(form: Any) -> None:
    """Without a link to a reset by mail, which there is none of; labels are placeholder enough."""
    for field in form.fields.values():
        field.help_text = ""
        field.widget.attrs.pop("placeholder", None)
