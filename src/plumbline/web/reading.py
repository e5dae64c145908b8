"""The form of what a connection reads, when, and how gently: all that the command line can set."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from django import forms

from plumbline.console import options
from plumbline.domain.connection import (
    ListFilter,
    ListRequest,
    Manners,
    PluginType,
    Scope,
    WasMode,
)
from plumbline.domain.severity import Severity
from plumbline.errors import PlumblineError
from plumbline.jobs import rule, schedule, timetable
from plumbline.ledger import schedules
from plumbline.web import glance
from plumbline.web.connecting import told_at
from plumbline.web.glance import Offer
from plumbline.web.installation import own

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.forms import BoundField

    from plumbline.domain.connection import Connection, Keys
    from plumbline.jobs.rule import Cron, Interval

_NUMBERS = ("repositories", "asset_lists", "families")
_PACE = ("page_size", "requests_per_hour", "connect_timeout", "read_timeout", "retries")
_SCOPE = (
    "families",
    "was",
    "exclude_repositories",
    "exclude_families",
    "exclude_plugin_types",
    "exclude_addresses",
    "list_filters",
    "list_fields",
)
"""What few change of what is read."""
_GENTLE = ("jitter", *_PACE)
_EXCLUDED = {"exclude_repositories": "repositories", "exclude_families": "families"}
"""What is chosen from the same offer as another field."""
_GONE = "not seen now"
_USUAL = Manners()
_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a scope is chosen from: what the keys see, and what was chosen before."""

    offer: Offer = field(default_factory=Offer)
    trouble: PlumblineError | None = None
    """Why nothing can be chosen; what was chosen before stays then."""

    @classmethod
    def of(cls, connection: Connection, keys: Keys | None) -> Self:
        """Ask the console; without keys there is nothing to choose from."""
        if keys is None:
            return cls()
        try:
            found = glance.offer(connection, keys)
        except PlumblineError as error:
            return cls(trouble=error)
        scope = connection.scope
        chosen: dict[str, tuple[int, ...]] = {n: getattr(scope, n) for n in _NUMBERS}
        for name, offered in _EXCLUDED.items():
            chosen[offered] = tuple(dict.fromkeys((*chosen[offered], *getattr(scope, name))))
        return cls(offer=Offer(**{n: _with(getattr(found, n), chosen[n]) for n in _NUMBERS}))


def _with(seen: Sequence[tuple[int, str]], chosen: Sequence[int]) -> list[tuple[int, str]]:
    known = dict(seen)
    return [*seen, *((number, _GONE) for number in chosen if number not in known)]


def _several(label: str, none: str, *, long: bool = False) -> forms.MultipleChoiceField:
    widget = forms.SelectMultiple(attrs={"size": _ROWS}) if long else forms.CheckboxSelectMultiple()
    return forms.MultipleChoiceField(label=label, required=False, widget=widget, help_text=none)


def _words(text: str) -> list[str]:
    return [word for part in re.split(r"[,\r\n]+", text) if (word := part.strip())]


_LIST_FILTERS = {
    ListFilter.USABLE: "those the user may use",
    ListFilter.MANAGEABLE: "those the user may manage",
    ListFilter.EXCLUDE_ALL_DEFINED: "without All Defined Ranges",
    ListFilter.EXCLUDE_WATCHLISTS: "without watchlists",
}
_EMPTYING = {
    "repository": "exclude_repositories",
    "plugin family": "exclude_families",
    "plugin type": "exclude_plugin_types",
    "address": "exclude_addresses",
}
"""Where it is told that nothing is left to read."""


class Reading(forms.Form):
    """What is read, when, and how gently."""

    repositories = _several("Repositories", "None ticked: all that the keys see, now and later.")
    asset_lists = _several(
        "Asset lists", "None chosen: all hosts. Several: the hosts of any of them.", long=True
    )
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
    families = _several("Plugin families", "None chosen: all.", long=True)
    was = forms.ChoiceField(
        label="Findings of web application scans",
        required=False,
        choices=[
            (WasMode.EXCLUDE.value, "leave out"),
            (WasMode.INCLUDE.value, "read, too"),
            (WasMode.ONLY.value, "read them alone"),
        ],
    )
    exclude_repositories = _several("Not these repositories", "None ticked: none is left out.")
    exclude_families = _several("Not these plugin families", "None chosen: none.", long=True)
    exclude_plugin_types = forms.MultipleChoiceField(
        label="Not these plugin types",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(one.value, one.value) for one in PluginType],
        help_text="None ticked: none is left out.",
    )
    exclude_addresses = forms.CharField(
        label="Not hosts at these addresses",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Such as 10.0.0.1, 10.0.0.1-10.0.0.9 or 10.1.0.0/16; by commas or lines.",
    )
    list_filters = forms.MultipleChoiceField(
        label="Which asset lists are asked for",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(one.value, f"{text} ({one.value})") for one, text in _LIST_FILTERS.items()],
        help_text="None ticked: the usual, excludeAllDefined and usable.",
    )
    list_fields = forms.CharField(
        label="Further fields of asset lists",
        required=False,
        max_length=1_000,
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
        help_text="Such as canUse, canManage, assetDataFields; separated by commas.",
    )
    jitter = forms.CharField(
        label="Begin up to so much later",
        required=False,
        max_length=20,
        help_text="Such as 10m or 1h, so that not all begin at once; empty: on time.",
    )
    requests_per_hour = forms.IntegerField(
        label="Requests within any hour at most",
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text="Empty: no limit.",
    )
    page_size = forms.IntegerField(
        label="Rows a page at most",
        required=False,
        min_value=1,
        max_value=100_000,
        help_text="Empty: pages adapt, from 1,000 to 10,000.",
    )
    connect_timeout = forms.FloatField(
        label="Seconds to wait for a connection",
        required=False,
        min_value=0.1,
        max_value=3_600,
        help_text=f"Empty: {_USUAL.connect_timeout:g}.",
    )
    read_timeout = forms.FloatField(
        label="Seconds to wait for an answer",
        required=False,
        min_value=0.1,
        max_value=86_400,
        help_text=f"Empty: {_USUAL.read_timeout:g}.",
    )
    retries = forms.IntegerField(
        label="How often a passing fault is tried again",
        required=False,
        min_value=0,
        max_value=100,
        help_text=f"Empty: {_USUAL.retries}.",
    )

    def __init__(
        self, *args: Any, choices: Choices, before: Scope | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._before = before or Scope()
        for name in (*_NUMBERS, *_EXCLUDED):
            offered = getattr(choices.offer, _EXCLUDED.get(name, name))
            told = [(str(n), f"{text} ({n})") for n, text in offered]
            self.fields[name].choices = told  # type: ignore[attr-defined] # of its kind
            if not told:
                del self.fields[name]

    @property
    def main(self) -> Iterator[BoundField]:
        """What everybody looks at."""
        return (one for one in self if one.name not in {*_SCOPE, *_GENTLE})

    @property
    def scope(self) -> Iterator[BoundField]:
        """What few change of what is read."""
        return (self[name] for name in _SCOPE if name in self.fields)

    @property
    def gentle(self) -> Iterator[BoundField]:
        """What few change of how it is read."""
        return (self[name] for name in _GENTLE)

    @property
    def scope_opened(self) -> bool:
        """Whether something of what is read is other than usual, or wrong."""
        return self._opened(_SCOPE)

    @property
    def gentle_opened(self) -> bool:
        """Whether something of how it is read is other than usual, or wrong."""
        return self._opened(_GENTLE)

    def _opened(self, names: Sequence[str]) -> bool:
        given = self.cleaned_data if self.is_bound and self.is_valid() else {}
        told = {**self.initial, **given}
        usual: tuple[Any, ...] = (None, "", 0, [], (), WasMode.EXCLUDE.value)
        return any(told.get(name) not in usual or name in self.errors for name in names)

    def clean_exclude_plugin_types(self) -> tuple[PluginType, ...]:
        """The types, read."""
        return tuple(map(PluginType, self.cleaned_data["exclude_plugin_types"]))

    def clean_exclude_addresses(self) -> tuple[str, ...]:
        """The ranges, read."""
        with told_at(self, "exclude_addresses"):
            return options.address_ranges(_words(self.cleaned_data["exclude_addresses"]))
        return ()

    def clean_list_filters(self) -> tuple[ListFilter, ...]:
        """The filters, read."""
        return tuple(map(ListFilter, self.cleaned_data["list_filters"]))

    def clean_list_fields(self) -> tuple[str, ...]:
        """The fields, read."""
        with told_at(self, "list_fields"):
            return options.list_fields(_words(self.cleaned_data["list_fields"]))
        return ()

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

    def clean_jitter(self) -> int:
        """Minutes."""
        given = self.cleaned_data["jitter"].strip()
        with told_at(self, "jitter"):
            return rule.jitter(given) if given else 0
        return 0

    def clean(self) -> dict[str, Any]:
        """Hours without a schedule would be forgotten."""
        told = super().clean() or {}
        for name in ("blackout", "jitter"):
            if told.get(name) and not told.get("plan") and "plan" not in self.errors:
                self.add_error(name, "Give a schedule, too: this belongs to it.")
        if not self.errors:
            scope = self._scope(self._before)
            with told_at(self, _EMPTYING.get(options.nothing_left(scope))):
                options.check_scope(scope)
        return told

    def applied(self, before: Connection) -> Connection:
        """The connection with what the form tells; the rest stays as it was."""
        told = self.cleaned_data
        usual = ListRequest().filters
        lists = ListRequest(filters=told["list_filters"] or usual, fields=told["list_fields"])
        scope = self._scope(before.scope)
        return replace(before, scope=scope, lists=lists, manners=self._manners())

    def _scope(self, before: Scope) -> Scope:
        told = self.cleaned_data
        numbers: dict[str, Any] = {
            n: tuple(map(int, told[n])) for n in (*_NUMBERS, *_EXCLUDED) if n in self.fields
        }
        return replace(
            before,
            severities=tuple(map(Severity.parse, told["severities"])),
            look_back_days=told["look_back"],
            was=WasMode(told["was"] or WasMode.EXCLUDE),
            exclude_plugin_types=told["exclude_plugin_types"],
            exclude_addresses=told["exclude_addresses"],
            **numbers,
        )

    def _manners(self) -> Manners:
        told = {name: self.cleaned_data[name] for name in _PACE}
        return Manners(**{name: value for name, value in told.items() if value is not None})

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
        wanted = (rule.written(told["plan"]), told["blackout"], told["jitter"])
        if known and wanted == (known.rule, list(known.blackout), known.jitter_minutes):
            return
        schedule.put(
            own(), name, told["plan"], blackout=told["blackout"], jitter_minutes=told["jitter"]
        )


def reading_of(connection: Connection) -> dict[str, Any]:
    """What the form shows at first."""
    scope, known = connection.scope, schedules.find(connection.name)
    lists, usual = connection.lists, ListRequest().filters
    pace = {name: getattr(connection.manners, name) for name in _PACE}
    return {
        **{name: list(map(str, getattr(scope, name))) for name in (*_NUMBERS, *_EXCLUDED)},
        "exclude_plugin_types": [one.value for one in scope.exclude_plugin_types],
        "exclude_addresses": ", ".join(scope.exclude_addresses),
        "list_filters": [] if lists.filters == usual else [one.value for one in lists.filters],
        "list_fields": ", ".join(lists.fields),
        "severities": [one.word for one in scope.severities],
        "look_back": scope.look_back_days,
        "was": scope.was.value,
        "plan": known.rule if known else "",
        "blackout": ", ".join(known.blackout) if known else "",
        "jitter": f"{known.jitter_minutes}m" if known and known.jitter_minutes else "",
        **{name: value for name, value in pace.items() if value != getattr(_USUAL, name)},
    }
