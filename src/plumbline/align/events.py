"""What happened to findings at a run: one event for each change, with its cause and evidence.

Reads the tables that `lifecycle` has laid: `findings` as they are now, `before` as they were, the
step, and what was read whole or in part.
"""

from __future__ import annotations

from plumbline.domain.severity import Severity
from plumbline.lake.sql import statement

EVENT = """
CASE
  WHEN b.finding IS NULL THEN CASE WHEN n.state = 'fixed' THEN 'fixed' ELSE 'opened' END
  WHEN b.state = n.state THEN 'recast'
  WHEN n.state NOT IN ('open', 'reopened') THEN n.state
  WHEN b.state IN ('vanished', 'out_of_sight') THEN 'returned'
  WHEN b.state = 'accepted' THEN 'unaccepted'
  WHEN b.state = 'fixed' OR n.state = 'reopened' THEN 'reopened'
  ELSE 'recast'
END
"""
"""What happened to a finding `n` of the new snapshot that was `b` in the one before."""
_WORDS = "CASE {0} " + " ".join(f"WHEN {s.value} THEN '{s.word}'" for s in Severity) + " END"
_AT = "strftime({0}, '%Y-%m-%d %H:%M UTC')"
_FIXED_AT = f"coalesce({_AT.format('fixed_at')}, 'a time it does not tell')"
_MITIGATED = f"""
CASE WHEN fixed_by = 'lastMitigated' THEN 'mitigated by the console at ' || {_FIXED_AT}
  ELSE 'told as mitigated by the console, without a time; last seen at ' || {_FIXED_AT}
END
"""
_RULED = """
'{0}-risk rule' || CASE WHEN coalesce({1}, '') = '' THEN ', without a comment'
  ELSE ': ' || {1} END
"""
_SEVERITY = f"""
CASE WHEN severity IS DISTINCT FROM was_severity
  THEN '; severity ' || coalesce({_WORDS.format("was_severity")}, 'unknown') || ' became '
    || coalesce({_WORDS.format("severity")}, 'unknown')
  ELSE '' END
"""
_RECAST = f"""
CASE
  WHEN was <> state THEN 'no longer marked by the console as mitigated before'
  WHEN recast THEN {_RULED.format("recast", "recast_comment")}
  WHEN was_recast THEN 'no recast rule covers it any more'
  ELSE 'the console rates it anew'
END || {_SEVERITY}
"""
_ABSENT = """
'absent from ' || CASE WHEN whole_repository THEN '' ELSE 'host ' || ip || ' of ' END
  || 'repository ' || repository_id || ', which was read whole in both stores'
"""
_OUT_OF_SIGHT = f"""
CASE
  WHEN blind <> '' THEN blind
  WHEN hidden THEN 'repository ' || repository_id || ' is no longer visible to the keys'
  WHEN last_seen < seen_from THEN 'last seen at ' || {_AT.format("last_seen")}
    || ', before the look-back, which begins at ' || {_AT.format("seen_from")}
  ELSE {_ABSENT}
END
"""
_CAUSE = f"""
CASE event
  WHEN 'opened' THEN 'told by the console for the first time'
  WHEN 'fixed' THEN {_MITIGATED}
  WHEN 'reopened' THEN CASE WHEN was = 'fixed' THEN 'seen again after it was mitigated'
    ELSE 'marked by the console as mitigated before' END
  WHEN 'accepted' THEN {_RULED.format("accept", "accept_comment")}
  WHEN 'unaccepted' THEN 'no accept-risk rule covers it any more'
  WHEN 'recast' THEN {_RECAST}
  WHEN 'returned' THEN 'told again by the console'
  WHEN 'vanished' THEN {_ABSENT}
  WHEN 'out_of_sight' THEN {_OUT_OF_SIGHT}
END
"""
_EVIDENCE = f"""
CASE
  WHEN told THEN source || ' store'
  WHEN hidden THEN 'list of repositories'
  ELSE 'both stores'
END || CASE
  WHEN hidden THEN ''
  WHEN whole_repository THEN ', repository ' || repository_id || ' read whole'
  WHEN whole_host THEN ', host ' || ip || ' of repository ' || repository_id || ' read whole'
  WHEN since IS NOT NULL THEN ', what changed in repository ' || repository_id || ' since '
    || {_AT.format("since")}
  ELSE ', repository ' || repository_id || ' not read again'
END
"""

_OF_FINDINGS = f"""
WITH happened AS (
  SELECT n.*, step.*, b.state AS was, b.severity AS was_severity, b.recast AS was_recast,
    p.since, {EVENT} AS event,
    coalesce(w.cumulative AND w.patched, false) AS whole_repository,
    o.ip IS NOT NULL AS whole_host,
    n.repository_id NOT IN (SELECT repository_id FROM visible) AS hidden
  FROM findings n
  CROSS JOIN step
  LEFT JOIN (SELECT finding, state, severity, recast FROM before) b ON b.finding = n.finding
  LEFT JOIN part_read p ON p.repository_id = n.repository_id
  LEFT JOIN whole_repositories w ON w.repository_id = n.repository_id
  LEFT JOIN whole_hosts o ON o.repository_id = n.repository_id AND o.ip = n.ip
  WHERE n.changed_run = step.run
)
SELECT console, run, happened.at, finding, host, repository_id, plugin_id, severity, event,
  was AS before, state AS after, {_CAUSE} AS cause, {_EVIDENCE} AS evidence
FROM happened
"""  # noqa: S608 - put together from the names of our own columns

EVENTS_QUERY = f"{_OF_FINDINGS} UNION ALL {statement('plumbline.align', 'rename_events')}"
"""One event for each finding of the new snapshot whose state, severity or recast changed, and one
for each host that got another name."""
