"""Whatever a console's rows hold: what was staged is published, and counted again on the way."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plumbline.align.lifecycle import Step, Whole
from plumbline.console.rows import RowDecoder
from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.domain.severity import Severity
from plumbline.extract.columns import Columns
from plumbline.extract.proof import count_staged
from plumbline.lake.engine import Limits, connect
from plumbline.lake.staging import Receipt, Staging
from plumbline.lake.store import Store
from plumbline.sync.assemble import Assembler, Assembly, Material
from plumbline.sync.recount import published_difference
from plumbline.tables import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.tables import Table

AT = datetime(2026, 11, 29, tzinfo=UTC)
MANY = 100_500
"""More than one chunk of the next findings."""

LOOSE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from(["", "-1", "0", "-7", "-2147483649", "3.0", "N/A", "70000", "443", "TCP", "6"]),
    st.sampled_from(["9" * 30, "1e5", "x", "٣", "-9223372036854775808", "9223372036854775807"]),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from(["id", "name"]), st.sampled_from(["3", "High"]), max_size=2),
)
SEVERITY = st.one_of(
    LOOSE,
    st.fixed_dictionaries({"id": st.sampled_from(["0", "4", "5", "-1", "3.0", ""])}),
    st.fixed_dictionaries({"id": st.just(""), "name": st.sampled_from(["High", "?", ""])}),
)
ROWS = st.fixed_dictionaries(
    {"pluginID": LOOSE, "port": LOOSE, "protocol": LOOSE, "severity": SEVERITY},
    optional=dict.fromkeys(
        ("ip", "dnsName", "firstSeen", "lastSeen", "acceptRisk", "vulnUUID", "xref"), LOOSE
    ),
)


def row(**fields: Any) -> dict[str, Any]:
    plain = {
        "pluginID": "10",
        "port": "443",
        "protocol": "TCP",
        "severity": {"id": "3", "name": "High"},
        "ip": "192.0.2.1",
        "dnsName": "a.example",
        "hostUniqueness": "repositoryID,ip,dnsName",
        "repository": {"id": "1", "name": "One"},
        "family": {"id": "6", "name": "CGI abuses", "type": "active"},
        "firstSeen": "1790000000",
        "lastSeen": "1790000000",
        "pluginText": "<plugin_output>o</plugin_output>",
    }
    return plain | fields


class Pipeline:
    """From rows to tables, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.staging = Staging(folder / "staging")
        self.lake = folder / "lake"
        self.engine = connect(Limits(threads=1))

    def stage(self, *pages: list[dict[str, Any]], source: Source = Source.CUMULATIVE) -> None:
        decoder = RowDecoder()
        columns = Columns("lab", decoder)
        part = self.staging.slice(f"r1-{source}")
        for number, rows in enumerate(pages):
            body = json.dumps({"response": {"totalRecords": len(rows), "results": rows}})
            page = decoder.page(body.encode())
            assert len(page.rows) == len(rows)
            read = columns.read(page, source, 1)
            size = read.findings.num_rows
            assert size == len(rows)
            receipt = Receipt(
                number=number, start=0, end=size, rows=size, total=size, received=0, seconds=0.0
            )
            tables = {name: getattr(read, name) for name in ("findings", "aliases", "plugins")}
            part.stage(0, receipt, tables | {"outputs": read.outputs})

    def files(self, table: str) -> list[str]:
        stages = self.staging.slices("r1-")
        return [file for stage in stages for file in stage.files(table, (0,))]

    def proofs(self) -> list[Proof]:
        """As many as lie staged; what has no readable severity is told as informational."""
        staged = count_staged(self.engine, self.files("findings"))
        found = Counter[tuple[int, Source, Severity]]()
        for (repository, source), counts in staged.items():
            for severity, count in counts.items():
                found[repository, source, severity or Severity.INFO] += count
        return [
            Proof(repository_id=place[0], source=place[1], severity=place[2], ours=n, console=n)
            for place, n in found.items()
        ]

    def assemble(self, store: Store | None = None) -> tuple[Assembly, tuple[Proof, ...]]:
        whole = tuple(Whole(source=source, repository_id=1) for source in Source)
        assembler = Assembler(self.engine, self.lake, store or Store(self.lake, "lab"), {})
        assembly = assembler.assemble(
            Material(
                step=Step(run=1, at=AT, visible=(1,), whole=whole),
                staged={
                    "findings": self.files("findings"),
                    "aliases": self.files("aliases"),
                    "plugins": self.staging.shared("plugins"),
                    "outputs": self.staging.shared("outputs"),
                },
                lists=[],
                repositories=(),
                console="lab",
            )
        )
        return assembly, assembler.recounted(self.proofs())


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    made = Pipeline(tmp_path)
    yield made
    made.engine.close()


def published(pipeline: Pipeline, rows: list[dict[str, Any]]) -> int:
    """Stage and assemble; everything that was staged is in the table."""
    pipeline.stage(rows)
    assembly, proofs = pipeline.assemble()
    assert published_difference(proofs, assembly.written, assembly.expected) is None
    assert all(proof.agrees for proof in proofs)
    keys = {
        key
        for file in pipeline.files("findings")
        for key in pq.read_table(file, columns=["finding"])["finding"].to_pylist()
    }
    assert assembly.written == assembly.expected == len(keys)
    return len(keys)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ROWS, min_size=1, max_size=12))
def test_every_odd_row_is_published(odd: list[dict[str, Any]]) -> None:
    rows = [row(**fields) for fields in odd]
    with TemporaryDirectory() as folder:
        written = published(Pipeline(Path(folder)), rows)
    assert 1 <= written <= len({json.dumps(one, sort_keys=True) for one in rows})


@pytest.mark.parametrize(
    "plugin",
    [
        *(-7, 0, -1, None, "", "x", "٣"),
        2**31 + 5,
        2**63 - 1,
        2**63,
        -(2**63),
        -(2**63) - 1,
        "9" * 40,
    ],
)
def test_a_plugin_of_any_number_is_published(pipeline: Pipeline, plugin: object) -> None:
    assert published(pipeline, [row(), row(pluginID=plugin)]) == 2


def test_findings_of_unreadable_plugins_do_not_become_one(pipeline: Pipeline) -> None:
    odd = ["x", "y", 2**64, 2**65, [1], [2]]
    assert published(pipeline, [row(pluginID=plugin) for plugin in odd]) == len(odd)


def test_more_than_a_chunk_of_odd_rows_is_published(pipeline: Pipeline) -> None:
    odd: list[Any] = [-7, 0, None, "x", 2**70, -(2**63), 2**63 - 1]
    plugins = [*odd, *range(1, 80)]
    rows = [
        row(
            pluginID=plugins[n % len(plugins)],
            port=str(n // len(plugins)),
            severity={"id": str(n % 5)},
            pluginText="",
        )
        for n in range(MANY)
    ]
    assert published(pipeline, rows) == MANY


def test_a_finding_that_lies_in_both_stores_counts_in_both(pipeline: Pipeline) -> None:
    rows = [row(port=str(port)) for port in range(3)]
    pipeline.stage(rows)
    pipeline.stage([*rows[:2], row(port="9")], source=Source.PATCHED)
    assembly, proofs = pipeline.assemble()
    assert published_difference(proofs, assembly.written, assembly.expected) is None
    counts = {(one.source, one.severity): one.published for one in proofs if one.published}
    assert counts == {(Source.CUMULATIVE, Severity.HIGH): 3, (Source.PATCHED, Severity.HIGH): 3}
    assert assembly.written == 4


class LosingStore(Store):
    """Loses the first finding that it is to write."""

    def replace(self, table: Table, rows: pa.Table | pa.RecordBatchReader) -> Any:
        if table is not FINDINGS:
            return super().replace(table, rows)
        return super().replace(table, rows.read_all().slice(1))


def test_a_row_that_is_lost_on_the_way_is_told_and_where(pipeline: Pipeline) -> None:
    pipeline.stage([row(port=str(n), severity={"id": "4"}) for n in range(3)])
    assembly, proofs = pipeline.assemble(LosingStore(pipeline.lake, "lab"))
    refusal = published_difference(proofs, assembly.written, assembly.expected)
    assert refusal is not None
    assert "Repository 1, cumulative, critical: 3 proven, 2 in the tables." in refusal.what
    assert "3 expected, 2 in the tables" in refusal.what
    assert refusal.unchanged == "the last published snapshot"


def test_a_repository_that_nothing_was_proven_of_is_a_difference(pipeline: Pipeline) -> None:
    pipeline.stage([row(), row(repository={"id": "2"})])
    assembler = Assembler(pipeline.engine, pipeline.lake, Store(pipeline.lake, "lab"), {})
    known = [one for one in pipeline.proofs() if one.repository_id == 1]
    assembly, _ = pipeline.assemble()
    proofs = assembler.recounted(known)
    refusal = published_difference(proofs, assembly.written, assembly.expected)
    assert refusal is not None
    assert "Repository 2, cumulative, high: 0 proven, 1 in the tables." in refusal.what
