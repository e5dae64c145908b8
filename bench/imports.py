"""Memory and time of importing a scan of many MB: `python bench/imports.py [MB]`.

The file is made up: hosts of 200 results each, every tenth output of a hundred kB, one in four
seen again on every host.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from peers import PLUMBLINE, measure

RESULTS = 200
START = 1_760_000_000
HEAD = '<?xml version="1.0" ?>\n<NessusClientData_v2><Report name="made up">\n'
TAIL = "</Report></NessusClientData_v2>\n"


def result(host: int, number: int) -> str:
    """One result, with the texts of its plugin."""
    whose = "every host" if number % 4 == 0 else f"host {host}"
    length = 1_000 if number % 10 == 1 else 8
    output = "".join(f"{line:05} plugin {number} on {whose}: found\n" for line in range(length))
    about = f"What plugin {number} looks for. " * 20
    return (
        f'<ReportItem port="{number}" svc_name="www" protocol="tcp" severity="{number % 5}" '
        f'pluginID="{10_000 + number}" pluginName="Plugin {number}" pluginFamily="General">'
        f"<description>{about}</description><solution>{about}</solution>"
        f"<plugin_output>{output}</plugin_output></ReportItem>\n"
    )


def scan(path: Path, size: int) -> int:
    """Write a scan of so many bytes; how many results it has."""
    host = 0
    with path.open("w") as file:
        file.write(HEAD)
        while file.tell() < size:
            address = f"10.{host >> 16}.{host >> 8 & 255}.{host & 255}"
            file.write(f'<ReportHost name="{address}"><HostProperties>')
            file.write(f'<tag name="host-ip">{address}</tag>')
            file.write(f'<tag name="HOST_END_TIMESTAMP">{START + host}</tag></HostProperties>\n')
            file.writelines(result(host, number) for number in range(RESULTS))
            file.write("</ReportHost>\n")
            host += 1
        file.write(TAIL)
    return host * RESULTS


def main(megabytes: int = 500) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scan.nessus"
        results = scan(file, megabytes * 1_000_000)
        home = {"PLUMBLINE_HOME": str(Path(folder) / "home")}
        for what in ("first", "again"):
            cost = measure([*PLUMBLINE, "import", str(file), "--connection", "scans"], home)
            print(
                f"{what}: {megabytes} MB, {results:,} results: {cost.memory_mb:.0f} MB at most "
                f"(bar 400), {cost.wall:.1f} s, {cost.cpu:.1f} CPU s"
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
