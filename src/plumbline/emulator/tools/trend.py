"""`trend`: the open findings of each day, told from when they were first seen."""

from __future__ import annotations

import numpy as np

from plumbline.emulator.tools.tally import Bare, Tally, scored

DAY = 86_400
DAYS = 30


def trend(tally: Tally) -> Bare:
    """A point a day for the last thirty days; counts of this tool are numbers, not strings."""
    rows, now = tally.rows, tally.scope.now
    points = []
    for day in range(DAYS - 1, -1, -1):
        moment = now - day * DAY
        sums = scored(np.bincount(rows.severity[rows.first <= moment], minlength=5))
        points.append(
            {
                "date": moment // DAY * DAY,
                **{name: int(value) for name, value in sums.items()},
                "dbSource": "cumulative",
                "lastresults": str(day == 0).lower(),
            }
        )
    return Bare(
        response={
            "totalRecords": -1,
            "returnedRecords": -1,
            "startOffset": "0",
            "endOffset": "-1",
            "matchingDataElementCount": tally.elements(),
            "results": points,
        }
    )
