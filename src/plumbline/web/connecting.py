"""The forms of a connection: where it is, whom it trusts, its keys, what it reads and when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms

from plumbline.console import addresses
from plumbline.console.keypair import could_be
from plumbline.errors import PlumblineError
from plumbline.jobs import rule, schedule, timetable
from plumbline.ledger import connections, schedules
from plumbline.terms.connection import Keys, Scope, TrustKind
from plumbline.terms.severity import Severity
from plumbline.web.authority import MOST_BYTES
from plumbline.web.installation import own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, QueryDict

    from plumbline.console.records import Repository
    from plumbline.jobs.rule import Cron, Interval
    from plumbline.terms.connection import Connection

_HIDDEN = {"autocomplete": "off", "spellcheck": "false"}
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


class Whereabouts(forms.Form):
    """Name and address."""

    name = forms.CharField(
        label="Name",
        max_length=64,
        help_text="What you call this console here: letters, digits, dots, hyphens, underscores.",
    )
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

    def clean_name(self) -> str:
        """A name that can be used and is free."""
        name = str(self.cleaned_data["name"])
        with told_at(self, "name"):
            connections.check_name(name)
            connections.check_free(name)
        return name

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


class Reading(forms.Form):
    """What is read, and when."""

    repositories = forms.MultipleChoiceField(
        label="Repositories", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: all that the keys can see, those to come, too.",
    )  # fmt: skip
    severities = forms.MultipleChoiceField(
        label="Severities",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(one.word, one.word) for one in sorted(Severity, reverse=True)],
        help_text="None ticked: all.",
    )
    look_back = forms.IntegerField(
        label="Look back, in days",
        required=False,
        min_value=1,
        max_value=36_500,
        help_text="Only findings seen in the last so many days; empty: all.",
    )
    plan = forms.CharField(
        label="Schedule",
        required=False,
        max_length=200,
        help_text="Such as “every 24h”, or a cron line such as “0 2 * * *”; empty: by hand alone.",
    )
    blackout = forms.CharField(
        label="Hours in which no run begins",
        required=False,
        max_length=500,
        help_text="Such as 08:00-18:00; several separated by commas.",
    )

    def __init__(self, *args: Any, seen: Sequence[tuple[int, str]] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [(str(number), f"{name} ({number})") for number, name in seen]
        self.fields["repositories"].choices = choices  # type: ignore[attr-defined] # of its kind
        if not choices:
            del self.fields["repositories"]

    def clean_plan(self) -> Interval | Cron | None:
        """The rule, read."""
        given = self.cleaned_data["plan"].strip()
        with told_at(self, "plan"):
            if not given:
                return None
            every = given.lower().startswith("every")
            return rule.every(given) if every else rule.cron(given)
        return None

    def clean_blackout(self) -> list[str]:
        """The hours, read."""
        words = [word.strip() for word in self.cleaned_data["blackout"].split(",")]
        with told_at(self, "blackout"):
            return [str(span) for span in timetable.spans([word for word in words if word])]
        return []

    def clean(self) -> dict[str, Any]:
        """Hours without a schedule would be forgotten."""
        told = super().clean() or {}
        if told.get("blackout") and not told.get("plan") and "plan" not in self.errors:
            self.add_error("blackout", "Give a schedule, too: the hours belong to it.")
        return told

    def scope(self, before: Scope) -> Scope:
        """The scope as it was, with what the form tells."""
        told = self.cleaned_data
        numbers = before.repositories
        if "repositories" in self.fields:
            numbers = tuple(map(int, told["repositories"]))
        return replace(
            before,
            repositories=numbers,
            severities=tuple(map(Severity.parse, told["severities"])),
            look_back_days=told["look_back"],
        )

    def plan_for(self, name: str) -> None:
        """Give the connection of that name the schedule, or take it away.

        Raises:
            PlumblineError: it cannot have one.
        """
        told, known = self.cleaned_data, schedules.find(name)
        if told["plan"] is None:
            if known is not None:
                schedules.remove(name)
            return
        same = known is not None and known.rule == rule.written(told["plan"])
        if known is not None and same and list(known.blackout) == told["blackout"]:
            return
        jitter = known.jitter_minutes if known is not None else 0
        schedule.put(own(), name, told["plan"], blackout=told["blackout"], jitter_minutes=jitter)


def reading_of(connection: Connection) -> dict[str, Any]:
    """What the form shows at first."""
    scope, known = connection.scope, schedules.find(connection.name)
    return {
        "repositories": list(map(str, scope.repositories)),
        "severities": [one.word for one in scope.severities],
        "look_back": scope.look_back_days,
        "plan": known.rule if known else "",
        "blackout": ", ".join(known.blackout) if known else "",
    }


def offered(seen: Sequence[Repository], scope: Scope) -> list[tuple[int, str]]:
    """The repositories to choose from: those the keys see, and those chosen before."""
    found = {one.id: one.name for one in seen}
    return [*found.items(), *((n, "not seen now") for n in scope.repositories if n not in found)]


def same_proxy(given: str, before: str, shown: str) -> str:
    """The proxy as it was, credentials and all, where what was shown of it came back."""
    return before if before and given == shown else given
