"""What a visitor is told when something cannot be shown: a page, or a problem object in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import JsonResponse
from django.shortcuts import render

from plumbline.domain.person import GRANTABLE, Right, Role
from plumbline.errors import (
    BusyError,
    ConfigurationError,
    NotFoundError,
    RetriableError,
    UsageError,
)
from plumbline.web.installation import own

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from plumbline.errors import PlumblineError

_API = "/api/"
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NotFoundError, 404),
    (UsageError, 400),
    (BusyError, 409),
    (RetriableError, 503),
    (ConfigurationError, 503),
)
_TITLES = {
    400: "That cannot be asked",
    401: "Sign in first",
    403: "Not allowed",
    404: "Nothing is here",
    405: "Not that way",
    409: "Somebody is at it",
    429: "Locked out",
    500: "Something went wrong",
    503: "Not possible now",
}


def problem(
    request: HttpRequest, status: int, what: str, *, advice: str = "", unchanged: str = ""
) -> HttpResponse:
    """Tell in one clear sentence what happened and what to try, as the asker can read it."""
    told = {
        "type": "about:blank",
        "title": _TITLES.get(status, _TITLES[500]),
        "status": status,
        "detail": what,
        **({"advice": advice} if advice else {}),
        **({"unchanged": unchanged} if unchanged else {}),
    }
    if request.path.startswith(_API):
        return JsonResponse(told, status=status, content_type="application/problem+json")
    template = "fragments/problem.html" if request.headers.get("HX-Request") else "problem.html"
    return render(request, template, {"problem": told}, status=status)


def told(request: HttpRequest, error: PlumblineError) -> HttpResponse:
    """An error of ours in words."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    return problem(request, status, error.what, advice=error.advice, unchanged=error.unchanged)


def unknown(request: HttpRequest) -> HttpResponse:
    """Nobody signed in, and the request brought no good token."""
    what = "This needs a session or a token that is good."
    advice = "send `Authorization: Bearer TOKEN`; tokens are made under Settings, API tokens."
    answer = problem(request, 401, what, advice=advice)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def refused(request: HttpRequest, right: Right | None) -> HttpResponse:
    """The visitor lacks a right; tells who can grant it."""
    if right is None:
        return problem(request, 403, "This is for people who signed in, not for tokens.")
    roles = ", ".join(Role.having(right))
    admins = ", ".join(_administrators()) or "an administrator"
    grant = " or the right by itself" if right in GRANTABLE else ""
    return problem(
        request,
        403,
        f"You may not {right.doc}.",
        advice=f"ask {admins} for one of the roles {roles}{grant}.",
    )


def unproven(request: HttpRequest) -> HttpResponse:
    """The visitor signed in, and lacks the second factor that is demanded."""
    what = "A second factor is demanded of you before anything else."
    return problem(request, 403, what, advice="add an authenticator app or a passkey.")


def stranger(request: HttpRequest, name: str) -> HttpResponse:
    """The provider knows somebody who was not added here."""
    what = f"{name or 'This account'} was not added here."
    return problem(request, 403, what, advice="ask an administrator to add you by that name.")


def provider_away(request: HttpRequest) -> HttpResponse:
    """The provider of sign-ins did not answer, or not as it should."""
    return problem(
        request,
        503,
        f"{own().oidc_name} does not answer as it should.",
        advice="sign in with your password, or again later; the log of `plumbline serve` tells "
        "more.",
    )


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """Too many wrong passwords."""
    minutes = own().lock_out_minutes
    return problem(
        request,
        429,
        "Too many sign-ins failed for this name from this address.",
        advice=f"wait {minutes} minutes, or ask an administrator for a one-time link.",
    )


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that this site did not send, or whose cookie is gone."""
    del reason
    return problem(
        request,
        403,
        "This form is too old, or did not come from this site.",
        advice="open the page again and send it once more; cookies have to be allowed.",
        unchanged="everything.",
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What cannot be understood, or came under a name that is not ours."""
    from django.core.exceptions import DisallowedHost  # noqa: PLC0415 - read when it happens

    if isinstance(exception, DisallowedHost):
        what = "This site is not known by the name in the address."
        advice = "add the name to the setting web_hosts and start `plumbline serve` again."
        return _bare(what, advice)
    return problem(request, 400, "The request cannot be understood.")


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Whatever else refuses."""
    del exception
    return problem(request, 403, "This is not allowed.", advice="ask an administrator.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that leads nowhere."""
    del exception
    return problem(request, 404, "This address leads nowhere.", advice="the menu, or the search.")


def wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    """The address is there, but is asked otherwise."""
    answer = problem(
        request,
        405,
        f"{request.method} cannot be asked of this address.",
        advice=f"{allowed}." if allowed else "",
        unchanged="everything.",
    )
    answer.headers["Allow"] = allowed
    return answer


def failed(request: HttpRequest) -> HttpResponse:
    """A fault of ours; the log tells more."""
    return problem(
        request,
        500,
        "This could not be shown, by a fault of Plumbline's own.",
        advice="try again; if it stays so, the log of `plumbline serve` tells more.",
        unchanged="the data.",
    )


def _bare(what: str, advice: str) -> HttpResponse:
    """Without a template: those ask for the host, which is what is wrong."""
    from django.http import HttpResponse  # noqa: PLC0415 - the type alone above

    text = f"{what}\nTry: {advice}\n"
    return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")


def _administrators() -> list[str]:
    from plumbline.ledger.people import register  # noqa: PLC0415 - takes the site

    return [p.name for p in register.everybody() if p.active and Right.PEOPLE in p.rights]
