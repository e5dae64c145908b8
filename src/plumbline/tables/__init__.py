"""Each dataset, declared once as frozen data: columns, types, keys and what they mean.

Schemas, exports, documentation and the filter language read these declarations.
"""

from plumbline.tables.declaration import Column, Kind, Table
from plumbline.tables.estate import (
    ALIASES,
    ASSET_LISTS,
    HOSTS,
    MEMBERSHIPS,
    RANGES,
    REPOSITORIES,
)
from plumbline.tables.findings import EVENTS, FACTS, FINDINGS, OUTPUTS, PLUGINS

TABLES: tuple[Table, ...] = (
    FINDINGS,
    OUTPUTS,
    PLUGINS,
    HOSTS,
    ALIASES,
    REPOSITORIES,
    ASSET_LISTS,
    RANGES,
    MEMBERSHIPS,
    EVENTS,
    FACTS,
)

__all__ = [
    "ALIASES",
    "ASSET_LISTS",
    "EVENTS",
    "FACTS",
    "FINDINGS",
    "HOSTS",
    "MEMBERSHIPS",
    "OUTPUTS",
    "PLUGINS",
    "RANGES",
    "REPOSITORIES",
    "TABLES",
    "Column",
    "Kind",
    "Table",
]
