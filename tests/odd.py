"""Odd rows of files, made at random: whatever a spreadsheet, an export or a person may write."""

from __future__ import annotations

from hypothesis import strategies as st

from scans import ROW, Item

LOOSE = st.one_of(
    st.sampled_from(
        [
            *("", "N/A", "-1", "0", "3.0", "443", "1e5", "97,1%", "9/1/2026", "21-Sep-26", "-7"),
            *("High", "tcp", "6", '="7"', "'7", "1970-01-01", "::1", "010.0.0.1", "Jan 1, 2100"),
            *("9" * 25, "9" * 2_000, "-9223372036854775808", "\u0660", "10.0.0.1/32"),
        ]
    ),
    # A NUL in the head of a file makes it no text at all, which is another test.
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
)
ODD_ROWS = st.dictionaries(st.sampled_from(list(ROW)), LOOSE)
PRINTABLE = LOOSE.map(lambda text: "".join(c for c in text if c.isprintable()))
ELEMENTS = st.sampled_from(
    [
        *("epss_score", "vpr_score", "cvss3_base_score", "last_found", "last_fixed", "xref"),
        *("plugin_publication_date", "vulnerability_state", "cisa-known-exploited", "cve"),
    ]
)
MORE = st.builds(
    lambda name, text: f"<{name}>{text}</{name}>",
    ELEMENTS,
    st.sampled_from(
        ["", "1", "97%", "-1", "9/1/2026", "2100-01-01", "Fixed", "CISA-KNOWN-EXPLOITED", "0,5"]
    ),
)
ODD_ITEMS = st.builds(
    Item, plugin=PRINTABLE, port=PRINTABLE, protocol=PRINTABLE, severity=PRINTABLE, more=MORE
)
