"""Second factors: of whom they are demanded, and who lacks one."""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from plumbline.config.settings import SecondFactor
from plumbline.domain.person import Role
from plumbline.web.installation import own

# Recovery codes come with another factor, and are none by themselves.
_KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def demanded(role: Role) -> bool:
    """Whether people of a role need one to see anything."""
    match own().second_factor:
        case SecondFactor.ALL:
            return True
        case SecondFactor.ADMINS:
            return role is Role.ADMIN
        case SecondFactor.NONE:
            return False


def has(person: int) -> bool:
    """Whether a person has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user_id=person, type__in=_KINDS).exists())


def holders() -> frozenset[int]:
    """Everybody who has one, by their number."""
    found = Authenticator.objects.filter(type__in=_KINDS).values_list("user_id", flat=True)
    return frozenset(found)


def lacking(person: int, role: Role) -> bool:
    """Whether a person lacks what is demanded of them."""
    return demanded(role) and not has(person)
