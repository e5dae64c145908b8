"""Charts as SVG: marks lead where their number is a list's total, and gaps are no zeros."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from plumbline.report.charts import bars, spark
from plumbline.report.charts.bars import Column

SVG = "{http://www.w3.org/2000/svg}"


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def of_class(svg: str, word: str) -> list[ET.Element]:
    return [one for one in read(svg).iter() if one.get("class") == word]


def test_a_part_leads_to_its_list_and_says_its_number() -> None:
    columns = [
        Column(label="before", parts={"high": 3}),
        Column(label="now <&>", parts={"high": 1200, "low": 7}, leads={"high": "/findings?q=a&b"}),
    ]
    svg, _ = bars.stacked(columns, ("low", "high"), "Open")
    links = list(read(svg).iter(f"{SVG}a"))
    assert [link.get("href") for link in links] == ["/findings?q=a&b"]
    assert links[0].get("data-count") == "1200"
    assert links[0].get("aria-label") == "1,200 high, now <&>"
    assert [one.get("class") for one in links[0].iter(f"{SVG}rect")] == ["f-high"]


def test_a_week_that_is_not_known_is_a_gap_and_no_bar() -> None:
    columns = [Column(label="a", parts={"high": 3}), Column(label="b", parts=None)]
    for svg, _ in (bars.stacked(columns, ("high",), "Open"), bars.flow(columns, "Flow")):
        assert len(of_class(svg, "gap")) == 1
        assert "b: not known" in svg


def test_a_line_ends_in_a_dot_where_its_last_number_is_known() -> None:
    assert len(of_class(spark.line([1, 2, 3], "x", "now: 3"), "dot")) == 1
    assert not of_class(spark.line([1, 2, None], "x", "now: 3"), "dot")
    assert not of_class(spark.line([1, 2, 3], "x"), "dot")
    assert spark.line([None, 2], "x", "now: 2") == ""


@given(st.floats(-50, 500))
def test_a_gauge_never_leaves_its_rail(value: float) -> None:
    svg = bars.gauge(value, 100.0, "Score")
    (filled,) = of_class(svg, "f-accent")
    assert 0 <= float(filled.get("width") or "nan") <= bars.WIDTH


def test_what_is_not_known_has_no_gauge() -> None:
    assert bars.gauge(None, 100.0, "Score") == ""
