"""What allauth asks of a site: nobody signs up, no mail is sent, the audit is told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings

from plumbline.ledger import audit
from plumbline.ledger.people.models import PersonRow
from plumbline.web.expiry import BEGAN
from plumbline.web.installation import own

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.http import HttpRequest

_ENROLLING = "enrolling"


class Accounts(DefaultAccountAdapter):  # type: ignore[misc] # published without types
    """People are added by an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up."""
        del request
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """No mail is ever sent."""
        del template_prefix, email, context

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address the connection came from; headers could be made up."""
        return str(request.META.get("REMOTE_ADDR", ""))

    def post_login(self, request: HttpRequest, user: PersonRow, **kwargs: Any) -> Any:
        """Note who signed in."""
        with audit.acting(user.name):
            audit.note("sign in", user.name, f"from {self.get_client_ip(request)}")
        return super().post_login(request, user, **kwargs)

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Not of somebody who has just signed in, and has to add a second factor first.

        The recovery codes come with it, so they are within reach as well.
        """
        session, found = self.request.session, getattr(self.request, "visitor", None)
        if found is not None and found.unproven:
            session[_ENROLLING] = True
        is_fresh = time.time() - session.get(BEGAN, 0) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        if is_fresh and session.get(_ENROLLING):
            return False
        return bool(super().is_reauthentication_required(app=app))

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Its messages say what its pages show anyway."""


class Factors(DefaultMFAAdapter):  # type: ignore[misc] # published without types
    """Second factors; what was added or taken away is noted."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The name passkeys are bound to: the host of the request, without a port."""
        found = super().get_public_key_credential_rp_entity()
        return {**found, "name": "Plumbline"}

    def send_notification_mail(self, template_prefix: str, user: PersonRow, **_: Any) -> None:
        """Where others send mail, note it in the audit."""
        what = template_prefix.rpartition("/")[2].replace("_", " ")
        audit.note("second factor", user.name, what)


class Outside(DefaultSocialAccountAdapter):  # type: ignore[misc] # published without types
    """Sign-in by another provider: only for people who were added here, by their name."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody signs up."""
        del request, sociallogin
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the person a claim names, and join the two at the first time."""
        claims = sociallogin.account.extra_data
        token, info = claims.get("id_token", {}), claims.get("userinfo", {})
        if info and token.get("sub") != info.get("sub"):
            # What the provider tells must be about whom it signed in (OpenID Connect 5.3.2).
            raise ImmediateHttpResponse(_stranger(request, ""))
        if sociallogin.is_existing:
            return
        told = info | token
        name = str(told.get(own().oidc_claim, ""))
        row = PersonRow.objects.filter(name__iexact=name, is_active=True).first()
        if row is None:
            raise ImmediateHttpResponse(_stranger(request, name))
        sociallogin.connect(request, row)


def _stranger(request: HttpRequest, name: str) -> Any:
    from plumbline.web.pages import errors  # noqa: PLC0415 - pages import this site's rules

    return errors.stranger(request, name)
