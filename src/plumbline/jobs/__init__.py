"""Durable runs: schedules, the queue over many consoles, and the workers that work it off.

`rule` and `timetable` reckon when a run is due, `verdict` what follows from how a run ended,
`attempt` is one turn of a job. `queue` alone knows DBOS; `worker` puts it all together.
"""
