"""What a scope excludes, asked for as its complement: most filters of the console know no "not".

Families, plugin types and addresses are documented with `=` alone. So all other families are named,
each other type gets a question of its own, and the ranges around the excluded addresses are asked
for. Findings of family 0 (compliance) cannot be named by family: they are asked for by their
plugin type. Excluded repositories need no filter, for every question names its repositories.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from plumbline.console.query import Analysis, Filter, families, hosts, plugin_type
from plumbline.domain.connection import PluginType
from plumbline.domain.ranges import complement, read_range
from plumbline.domain.severity import Severity
from plumbline.errors import IncompleteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from plumbline.console.client import Console
    from plumbline.domain.connection import Scope

_COMPLIANCE_FAMILY = 0
Conditions = tuple[Filter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One kind of exclusion: two sets of questions that together reach every finding."""

    kind: str
    kept: tuple[Conditions, ...]
    left_out: tuple[Conditions, ...]


def asks_for_families(scope: Scope) -> bool:
    """Whether the console's list of plugin families is needed."""
    return bool(scope.exclude_families) and not scope.families


def exclusions(scope: Scope, known_families: Iterable[int] = ()) -> tuple[Exclusion, ...]:
    """What a scope excludes beside repositories, given the console's families."""
    found: list[Exclusion] = []
    if asks_for_families(scope):
        found.append(_by_family(set(scope.exclude_families), known_families))
    if scope.exclude_plugin_types:
        kinds = {one: (plugin_type(one),) for one in PluginType}
        kept = tuple(kinds[one] for one in PluginType if one not in scope.exclude_plugin_types)
        left_out = tuple(kinds[one] for one in scope.exclude_plugin_types)
        found.append(Exclusion(kind="plugin types", kept=kept, left_out=left_out))
    if scope.exclude_addresses:
        ranges = [one for text in scope.exclude_addresses if (one := read_range(text))]
        around = hosts(*map(str, complement(ranges)))
        left_out = ((hosts(*map(str, ranges)),),)
        found.append(Exclusion(kind="addresses", kept=((around,),), left_out=left_out))
    return tuple(found)


def _by_family(excluded: set[int], console_has: Iterable[int]) -> Exclusion:
    """Families that the console does not have are not named: it may refuse the question."""
    known = set(console_has) - {_COMPLIANCE_FAMILY}
    named = families(*sorted(known - excluded))
    kept: list[Conditions] = [(named,)] if named.value else []
    left_out: list[Conditions] = []
    if others := excluded & known:
        left_out.append((families(*sorted(others)),))
    compliance = left_out if _COMPLIANCE_FAMILY in excluded else kept
    compliance.append((plugin_type(PluginType.COMPLIANCE),))
    return Exclusion(kind="plugin families", kept=tuple(kept), left_out=tuple(left_out))


def alternatives(found: Iterable[Exclusion]) -> tuple[Conditions, ...]:
    """The sets of conditions that reach whatever none of the exclusions leaves out.

    Sets that contradict themselves (another plugin type than compliance, and family 0) are left
    out. Without exclusions there is one set, and it has no conditions.
    """
    joined: list[Conditions] = []
    for several in product(*(one.kept for one in found)):
        merged = _merged([condition for conditions in several for condition in conditions])
        if merged is not None:
            joined.append(merged)
    return tuple(joined)


def _merged(conditions: Iterable[Filter]) -> Conditions | None:
    by_name: dict[str, Filter] = {}
    for one in conditions:
        both = by_name[one.name].narrowed(one) if one.name in by_name else one
        if both is None:
            return None
        by_name[one.name] = both
    return tuple(by_name.values())


def check_exclusions(console: Console, query: Analysis, found: Iterable[Exclusion]) -> None:
    """Make sure that no finding falls between what is kept and what is left out.

    `query` has no alternatives. For each exclusion both sides are counted beside everything; a
    console that changes meanwhile is counted again.

    Raises:
        IncompleteError: there are findings that neither side reaches, or both do.
    """
    for one in found:
        for last in (False, False, True):
            every = console.severity_counts(query)
            both = Counter[Severity]()
            for conditions in (*one.kept, *one.left_out):
                both.update(console.severity_counts(query.where(*conditions)))
            if all(every.get(severity, 0) == both[severity] for severity in Severity):
                break
            if last:
                raise _incomplete(one, query, every, both)


def _incomplete(
    one: Exclusion, query: Analysis, every: Mapping[Severity, int], both: Mapping[Severity, int]
) -> IncompleteError:
    return IncompleteError(
        f"The excluded {one.kind} and the others make {sum(both.values())} {query.source} "
        f"findings, the console counts {sum(every.values())}: it cannot exclude them.",
        advice=f"leave that exclusion out, or say which {one.kind} are to be read, with "
        "`plumbline connection edit`",
        unchanged="the last published snapshot",
    )
