"""The forms of a connection: where it is, whom it trusts, its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from plumbline.console import addresses
from plumbline.console.client_certificate import read_client_certificate
from plumbline.console.keypair import could_be
from plumbline.console.tls import describe_client
from plumbline.domain.connection import Keys, TrustKind
from plumbline.errors import PlumblineError
from plumbline.ledger import connections
from plumbline.web.authority import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.forms import BoundField
    from django.http import HttpRequest, QueryDict

    from plumbline.console.tls import Certificate
    from plumbline.domain.connection import ClientCertificate

_HIDDEN = {"autocomplete": "off", "spellcheck": "false"}
_MOST_PEM = 1_000_000
"""Bytes of a certificate's file that are looked at."""
_NO_KEY = "This is no key: copy it again from the console, without quotes and spaces."


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with, be it nothing; None where none was."""
    return request.POST if request.method == "POST" else None


class _Telling:
    """Tells in a form what goes wrong within."""

    def __init__(self, form: forms.Form, field: str | None) -> None:
        self._form = form
        self._field = field

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        """Tell an error of ours; the form is not valid then."""
        if not isinstance(error, PlumblineError):
            return False
        words = filter(None, (error.what, sentence(error.advice)))
        self._form.add_error(self._field, " ".join(words))
        return True


def told_at(form: forms.Form, field: str | None = None) -> _Telling:
    """Tell an error of ours in a form, at a field, and go on behind."""
    return _Telling(form, field)


def sentence(advice: str) -> str:
    """An advice as a sentence."""
    return f"{advice[0].upper()}{advice[1:]}" if advice else ""


class Way(forms.Form):
    """The address, and the way there."""

    url = forms.CharField(
        label="Address",
        max_length=2_000,
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false"}),
        help_text="As you open it in a browser, such as https://sc.example.com.",
    )
    proxy = forms.CharField(
        label="Proxy",
        required=False,
        max_length=2_000,
        widget=forms.TextInput(attrs=_HIDDEN),
        help_text="Empty for a direct way; else http://proxy.example.com:3128.",
    )

    no_proxy = forms.CharField(
        label="Not by the proxy",
        required=False,
        max_length=2_000,
        widget=forms.TextInput(attrs=_HIDDEN),
        help_text="Hosts, .domains or networks that are reached directly; separated by commas.",
    )

    client_certificate = forms.FileField(
        label="Client certificate (PEM)",
        required=False,
        help_text="Only where the console demands one of its callers; with what lies above it.",
    )
    client_key = forms.FileField(
        label="Its private key (PEM)",
        required=False,
        help_text="Not needed where the certificate's file holds it, too.",
    )
    client_key_password = forms.CharField(
        label="Password of that key",
        required=False,
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs=_HIDDEN),
        help_text="It opens the key once, and is not kept.",
    )
    client_none = forms.BooleanField(label="Show no client certificate any more", required=False)

    def __init__(self, *args: Any, client: ClientCertificate | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.client_now = client
        """The certificate that is shown now; another one replaces it."""
        if client is None:
            del self.fields["client_none"]

    @property
    def plain(self) -> Iterator[BoundField]:
        """What everybody looks at."""
        return (one for one in self if not one.name.startswith("client_"))

    @property
    def mutual(self) -> Iterator[BoundField]:
        """What few consoles demand."""
        return (one for one in self if one.name.startswith("client_"))

    @property
    def mutual_opened(self) -> bool:
        """Whether there is a client certificate, or something wrong with one."""
        wrong = any(name.startswith("client_") for name in self.errors)
        return wrong or self.client_now is not None

    @property
    def mutual_shown(self) -> Certificate | None:
        """What the certificate that is shown now says of itself."""
        return describe_client(self.client_now) if self.client_now else None

    def clean(self) -> dict[str, Any]:
        """The client certificate with its key, as `client`."""
        told = super().clean() or {}
        told["client"] = None if told.get("client_none") else self.client_now
        given, key = told.get("client_certificate"), told.get("client_key")
        if given is None and key is not None:
            self.add_error("client_certificate", "Choose the certificate of this key, too.")
        if given is None:
            return told
        if str(told.get("url")).startswith("http:"):
            self.add_error("client_certificate", "Plain http has no TLS to show it in.")
            return told
        with told_at(self, "client_certificate"):
            told["client"] = read_client_certificate(
                given.read(_MOST_PEM),
                key.read(_MOST_PEM) if key else None,
                told.get("client_key_password", ""),
            )
        return told

    def clean_url(self) -> str:
        """The address in the form it is kept."""
        with told_at(self, "url"):
            return addresses.console_url(self.cleaned_data["url"])
        return ""

    def clean_proxy(self) -> str:
        """The proxy in the form it is kept."""
        given = self.cleaned_data["proxy"].strip()
        with told_at(self, "proxy"):
            return addresses.proxy_url(given) if given else ""
        return ""

    def clean_no_proxy(self) -> str:
        """The hosts, without blanks."""
        words = (word.strip() for word in self.cleaned_data["no_proxy"].split(","))
        return ",".join(filter(None, words))


class Whereabouts(Way):
    """Name and address of a new one."""

    name = forms.CharField(
        label="Name",
        max_length=64,
        help_text="What you call this console here: letters, digits, dots, hyphens, underscores.",
    )
    field_order = ("name",)

    def clean_name(self) -> str:
        """A name that can be used and is free."""
        name = str(self.cleaned_data["name"])
        with told_at(self, "name"):
            connections.check_name(name)
            connections.check_free(name)
        return name


class Belief(forms.Form):
    """Whom to believe that this is the console."""

    trust = forms.ChoiceField(
        label="Whom to believe",
        widget=forms.RadioSelect,
        choices=[
            (TrustKind.FINGERPRINT.value, "This very certificate: its fingerprint is pinned"),
            (TrustKind.CA_FILE.value, "An authority whose certificate I upload"),
            (TrustKind.SYSTEM.value, "The authorities this machine believes"),
        ],
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    compared = forms.BooleanField(
        label="I compared the fingerprint with what the console's administrator reads",
        required=False,
    )
    authority = forms.FileField(
        label="Certificate of the authority (PEM)",
        required=False,
        help_text=f"At most {MOST_BYTES // 1000} kB, without any private key.",
    )

    def clean(self) -> dict[str, Any]:
        """Each choice with what it needs."""
        told = super().clean() or {}
        match told.get("trust"):
            case TrustKind.FINGERPRINT if not told.get("compared"):
                self.add_error("compared", "Compare it first: nothing else proves the console.")
            case TrustKind.FINGERPRINT:
                with told_at(self):
                    told["shown"] = addresses.fingerprint(told.get("shown") or "")
            case TrustKind.CA_FILE if not told.get("authority") and not self.errors:
                self.add_error("authority", "Choose the file with the authority's certificate.")
        return told


class Pair(forms.Form):
    """The two keys; what was typed is never sent back."""

    access = forms.CharField(label="Access key", widget=forms.PasswordInput(attrs=_HIDDEN))
    secret = forms.CharField(label="Secret key", widget=forms.PasswordInput(attrs=_HIDDEN))

    def clean(self) -> dict[str, Any]:
        """Both could be keys, and differ."""
        told = super().clean() or {}
        for name in ("access", "secret"):
            if name in told and not could_be(told[name]):
                self.add_error(name, _NO_KEY)
        if not self.errors and told["access"] == told["secret"]:
            self.add_error("secret", "Both keys are the same: the console shows two.")
        return told

    @property
    def keys(self) -> Keys:
        """The keys, once the form is valid."""
        return Keys(self.cleaned_data["access"], self.cleaned_data["secret"])


def same_proxy(given: str, before: str, shown: str) -> str:
    """The proxy as it was, credentials and all, where what was shown of it came back."""
    return before if before and given == shown else given
