"""Looking at a console's certificate, and believing it only if it holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from plumbline.console.tls import fetch_certificate, objection, refusal
from plumbline.domain.connection import Trust, TrustKind
from plumbline.errors import PlumblineError
from plumbline.web import authority
from plumbline.web.connecting import told_at
from plumbline.web.installation import own

if TYPE_CHECKING:
    from plumbline.console.tls import Certificate
    from plumbline.web.connecting import Belief
    from plumbline.web.draft import Draft

_PATIENCE = 8.0
"""Seconds to wait for a handshake: a person waits, too."""


def shown(form: Belief, now: Draft, place: str) -> dict[str, Any]:
    """What the page tells of a console's certificate; `place` is its own address."""
    certificate, trouble, doubt = _look(now)
    anyone = replace(now.address, trust=Trust(kind=TrustKind.INSECURE))
    return {
        "form": form,
        "certificate": certificate,
        "trouble": trouble,
        "doubt": doubt,
        "refused": None if trouble else refusal(anyone, _PATIENCE),
        "draft": now,
        "again": place,
    }


def _look(now: Draft) -> tuple[Certificate | None, PlumblineError | None, str]:
    """The certificate; what keeps it from being seen; why this machine does not believe it."""
    plain = replace(now.address, trust=Trust())
    try:
        return fetch_certificate(plain, _PATIENCE), None, objection(plain, _PATIENCE)
    except PlumblineError as error:
        return None, error, ""


def believed(form: Belief, now: Draft) -> Trust | None:
    """The trust that was chosen, if it holds for what the console shows; else told at its field."""
    told = form.cleaned_data
    kind = TrustKind(told["trust"])
    chosen, field = Trust(kind=kind, value=told["shown"]), "trust"
    if kind is TrustKind.CA_FILE:
        field = "authority"
    with told_at(form, field):
        if kind is TrustKind.CA_FILE:
            upload = told["authority"]
            chosen = authority.keep(own().home, upload.read(authority.MOST_BYTES + 1))
        elif kind is TrustKind.SYSTEM:
            chosen = Trust()
        if doubt := objection(replace(now.address, trust=chosen), _PATIENCE):
            form.add_error(field, f"It does not vouch for this console: {doubt}.")
    return None if form.errors else chosen
