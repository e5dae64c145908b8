"""While runs publish, readers in other processes always see one whole snapshot, without error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.emulator.estate import Estate
from plumbline.ledger import runs

if TYPE_CHECKING:
    from lab import MakeLab

pytestmark = pytest.mark.network

READER = """
import json, sys
from pathlib import Path
from plumbline.cli.session import open_estate
stop, seen = Path(sys.argv[1]), []
while True:
    last = stop.exists()
    estate, _warnings = open_estate()
    tables = estate.tables
    count = lambda name: int(tables[name].count().execute())
    facts = tables["facts"]
    run = int(facts["run"].max().execute())
    mine = facts.filter(facts["run"] == run, facts["list_id"].isnull())
    findings, aliases = tables["findings"], tables["aliases"]
    homeless = findings.anti_join(tables["hosts"], "host").count().execute()
    textless = findings.filter(findings["output"].notnull()).anti_join(
        tables["outputs"], "output").count().execute()
    twice = count("findings") - int(findings["finding"].nunique().execute())
    seen.append([run, count("findings"), int(mine["findings"].sum().execute()),
                 int(homeless), int(textless), twice])
    if last:
        break
print(json.dumps(seen))
"""


def test_readers_always_see_one_whole_snapshot(make_lab: MakeLab) -> None:
    lab = make_lab(estate=Estate.generated(hosts=3, seed=5, findings_per_host=20))
    truth = {lab.sync().run.number: lab.ask("SELECT count(*) FROM findings")[0][0]}
    stop = lab.settings.home / "stop"
    environment = {**os.environ, "PLUMBLINE_HOME": str(lab.settings.home)}
    command = [sys.executable, "-W", "ignore", "-c", READER, str(stop)]
    readers = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    until = time.monotonic() + 12
    while time.monotonic() < until and len(truth) < 8:
        lab.emulator.estate.evolve(1)
        report = lab.sync()
        assert report.error is None
        truth[report.run.number] = lab.ask("SELECT count(*) FROM findings")[0][0]
    stop.touch()
    told = [_heard(reader) for reader in readers]
    for seen in told:
        assert [run for run, *_ in seen] == sorted(run for run, *_ in seen)
        assert seen[-1][0] == max(truth)
        for run, findings, counted, homeless, textless, twice in seen:
            assert findings == counted == truth[run]
            assert (homeless, textless, twice) == (0, 0, 0)
    assert len({run for seen in told for run, *_ in seen}) > 1
    assert runs.live("lab") is None


def _heard(reader: subprocess.Popen[bytes]) -> list[Any]:
    out, err = reader.communicate(timeout=60)
    assert reader.returncode == 0, err.decode()
    found: list[Any] = json.loads(out)
    return found
