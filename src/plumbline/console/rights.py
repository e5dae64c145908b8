"""Preflight checks of the keys, their user, and what the user may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.console.check import Check, Name, Probe, failed, passed, warned
from plumbline.console.query import Analysis, Tool
from plumbline.console.verdict import KeysRefusedError, Refusal
from plumbline.domain.severity import Severity
from plumbline.errors import QueryRefusedError, RefusedError

if TYPE_CHECKING:
    from plumbline.console.records import Repository, User

_SECURITY_MANAGER, _SECURITY_ANALYST = 2, 3
_FULL_ACCESS = 0
_SKEW = 300.0
"""Seconds a clock may be off."""
_ENOUGH = (
    "Use a user of an organisation with the role Auditor or Vulnerability Analyst in a group with "
    "Full Access: that is enough to read everything."
)
_ALLOW = (
    "An administrator enables System > Configuration > Security > Authentication Settings > "
    "Allow API Keys."
)


def api_keys(probe: Probe) -> Check:
    """Whether the console takes API keys at all; asks who the user is."""
    try:
        probe.user = probe.console.current_user()
    except KeysRefusedError as error:
        probe.refused = error
        return _taken(error)
    except QueryRefusedError as error:
        return failed(
            Name.API_KEYS,
            error.what,
            "The console refuses even to say whose keys these are.",
            f"{_ALLOW} Then generate a new pair for Plumbline's user.",
        )
    return passed(Name.API_KEYS, "the console takes API keys")


def _taken(error: KeysRefusedError) -> Check:
    if error.refusal is Refusal.DISABLED:
        return failed(Name.API_KEYS, error.what, "Allow API Keys is switched off.", _ALLOW)
    if error.refusal is Refusal.UNCLEAR or error.code == _NO_TOKEN:
        return warned(
            Name.API_KEYS,
            "the console does not tell whether it takes API keys",
            "It refuses these keys in a form that also stands for Allow API Keys being off.",
            _ALLOW,
        )
    return passed(Name.API_KEYS, "the console takes API keys (it judged these)")


_NO_TOKEN = 12


def keys(probe: Probe) -> Check:
    """Whether the keys are let in."""
    if probe.user:
        return passed(Name.KEYS, f"the keys belong to {probe.user.username or 'a user'}")
    error = _refusal(probe)
    if error.refusal in {Refusal.LOCKED, Refusal.EXPIRED}:
        return warned(Name.KEYS, "the console knows the keys", "Their user is barred, see account.")
    return failed(Name.KEYS, error.what, _CAUSES.get(error.refusal, ""), error.advice)


_CAUSES = {
    Refusal.WRONG: "The keys are mistyped, were deleted, or were replaced by generating anew.",
    Refusal.UNCLEAR: "Either Allow API Keys is off, or the keys are mistyped or replaced.",
    Refusal.RIGHTS: "The user's role may not use the API.",
}


def account(probe: Probe) -> Check:
    """Whether the user is neither locked nor stopped by a password."""
    if probe.user is None:
        error = _refusal(probe)
        return failed(Name.ACCOUNT, error.what, f"{error.refusal.sentence}.", error.advice)
    return _standing(probe.user, probe.now)


def _standing(user: User, now: float) -> Check:
    if user.locked:
        return failed(
            Name.ACCOUNT,
            f"{user.username} is locked",
            "Too many failed logins, or an administrator locked it.",
            "An administrator unlocks the user under Users > Users.",
        )
    ends = user.password_expires
    if user.must_change_password or (ends and ends.timestamp() < now):
        return warned(
            Name.ACCOUNT,
            f"{user.username} has to set a new password",
            "The console may stop serving these keys at any time.",
            "Sign in as this user once and set it; better, let this user's password never expire.",
        )
    return passed(Name.ACCOUNT, f"{user.username} is not locked")


def organisation(probe: Probe) -> Check:
    """Whether the user belongs to an organisation: an administrator sees no findings."""
    user = _user(probe)
    if user.is_administrator:
        return failed(
            Name.ORGANISATION,
            f"{user.username} is an Administrator",
            "An Administrator belongs to no organisation and sees no collected data.",
            _ENOUGH,
        )
    if user.organization.id is None:
        return warned(
            Name.ORGANISATION,
            "the console does not tell the user's organisation",
            "Some versions leave it out.",
            "Nothing, if the checks below pass.",
        )
    return passed(Name.ORGANISATION, user.organization.name or f"id {user.organization.id}")


def role(probe: Probe) -> Check:
    """Whether the role is a humble one: keys can do whatever their user can."""
    user = _user(probe)
    shown = user.role.name or f"id {user.role.id}"
    if user.role.id in {_SECURITY_MANAGER, _SECURITY_ANALYST}:
        return warned(
            Name.ROLE,
            shown,
            "These keys can change the console in wrong hands; Plumbline itself only reads.",
            _ENOUGH,
        )
    return passed(Name.ROLE, shown)


def group(probe: Probe) -> Check:
    """Whether the group sees everything; a narrower one gives fewer rows and no error."""
    user = _user(probe)
    if user.group.id == _FULL_ACCESS or user.group.name.lower() == "full access":
        return passed(Name.GROUP, user.group.name or "Full Access")
    return warned(
        Name.GROUP,
        user.group.name or "not told",
        "Only findings of this group's viewable hosts and repositories are seen, without an error.",
        "Put the user into a group with Full Access if the whole estate is meant.",
    )


def repositories(probe: Probe) -> Check:
    """Which repositories are in sight, with their counts."""
    found = probe.console.repositories()
    if not found:
        return failed(
            Name.REPOSITORIES,
            "no repository is visible",
            "The organisation or the user's group has none.",
            "An administrator gives the organisation, and a manager the group, the repositories.",
        )
    missing = set(probe.connection.scope.repositories) - {one.id for one in found}
    shown = f"{len(found)} visible: {', '.join(map(_shown, found))}"
    if missing:
        return failed(
            Name.REPOSITORIES,
            shown,
            f"The connection asks for {_numbers(missing)}, which these keys do not see.",
            "Take them out of the connection, or give the user's group access to them.",
        )
    return passed(Name.REPOSITORIES, shown)


def _numbers(missing: set[int]) -> str:
    return ", ".join(map(str, sorted(missing)))


def _shown(one: Repository) -> str:
    return one.name if one.findings is None else f"{one.name} ({one.findings})"


def analysis(probe: Probe) -> Check:
    """Whether findings can be read, and how many there are."""
    counts = probe.console.severity_counts(Analysis(tool=Tool.SUMSEVERITY))
    shown = ", ".join(f"{counts[one]} {one.word}" for one in sorted(Severity, reverse=True))
    if any(counts.values()):
        return passed(Name.ANALYSIS, shown)
    return warned(
        Name.ANALYSIS,
        "no finding is visible",
        "Nothing was imported yet, or the user's group sees no host of any repository.",
        _ENOUGH,
    )


def asset_lists(probe: Probe) -> Check:
    """Whether asset lists can be read, and how many there are."""
    found = probe.console.asset_lists()
    if found:
        return passed(Name.ASSET_LISTS, f"{len(found)} usable")
    return warned(
        Name.ASSET_LISTS,
        "no asset list is usable",
        "None exists, or none is shared with the user's group.",
        "Share the lists with the group, or go on: hosts will belong to no list.",
    )


def time_filter(probe: Probe) -> Check:
    """Whether exact time filters work."""
    if probe.console.heeds_epochs():
        return passed(Name.TIME_FILTER, "moments in seconds work")
    return warned(
        Name.TIME_FILTER,
        "moments in seconds are refused",
        "This console knows days only.",
        "Nothing: days are used, and more is read than strictly needed.",
    )


def clock(probe: Probe) -> Check:
    """Whether both clocks agree."""
    skew = probe.console.clock_skew
    if skew is None:
        skew = probe.stranger.clock_skew
    if skew is None:
        return warned(Name.CLOCK, "the console does not tell its time", "No Date header came.")
    way = "ahead" if skew > 0 else "behind"
    shown = f"the console is {abs(skew):.0f} s {way}" if round(skew) else "both clocks agree"
    if abs(skew) <= _SKEW:
        return passed(Name.CLOCK, shown)
    return warned(
        Name.CLOCK,
        shown,
        "Ages and time filters shift by that much.",
        "Set both machines by NTP.",
    )


def _user(probe: Probe) -> User:
    if probe.user is None:
        raise _refusal(probe)
    return probe.user


def _refusal(probe: Probe) -> KeysRefusedError:
    if probe.refused is None:
        raise RefusedError("The console was not asked about the keys' user.")
    return probe.refused
