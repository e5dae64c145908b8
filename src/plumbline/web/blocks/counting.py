"""How each number and chart is counted, and the command line that tells the same."""

from __future__ import annotations

from dataclasses import dataclass

from plumbline.posture.sla import PERIOD_DAYS


@dataclass(frozen=True, slots=True)
class Counted:
    """What stands behind a number."""

    how: str
    command: str = ""


CHARTS = {
    "time": Counted(
        "What was open, reopened ones among it, when the last run of each week ended; "
        "accepted and informational findings are left out. The newest week leads to its "
        "findings, earlier ones were counted by their runs. A shaded week was not read whole:"
        " that is not 0.",
        "plumbline ask trend",
    ),
    "flow": Counted(
        "Events of the runs of each week, as each run counts them: one that went and came back "
        "counts twice. Came is new, reopened, returned and unaccepted; went is fixed (also what "
        "was first reported as fixed), vanished, accepted and out of sight. Vanished is never "
        "fixed: it was absent without proof of a repair. The first run is left out.",
        "plumbline ask flow",
    ),
    "age": Counted(
        "Open findings by the days from when the console first saw them to this snapshot. A "
        "reopened finding keeps its first day.",
        "plumbline ask severity-by-age",
    ),
    "signals": Counted(
        "Open findings of severity low and above by what Tenable rates their consequence "
        "(VPR) and how likely they are to be exploited within 30 days (EPSS). The upper right"
        " comes first. What the console does not supply has a place of its own.",
        "plumbline ask vpr-by-epss",
    ),
    "actions": Counted(
        "Plugins with the same solution are one action. Its share is the risk of the open "
        "findings it would end, of the risk of all open findings.",
        "plumbline ask top-actions",
    ),
    "hosts": Counted(
        "Risk from 0 to 10: the worst open finding, raised by how much more there is, and by "
        "how critical the host is (ACR) where the console tells that. See docs/scoring.md.",
        "plumbline ask top-hosts",
    ),
    "lists": Counted(
        "What is open on the members of each list; a host in several lists counts in each. "
        "The score is that of the members together, 100 is best.",
        "plumbline ask by-list",
    ),
    "repositories": Counted(
        "What is open in each repository; a host in several repositories counts in each. The "
        "score is that of its hosts together, 100 is best.",
        "plumbline ask by-repository",
    ),
    "score": Counted(
        "What hosts lack to 100, put together so that bad hosts weigh more than good ones; "
        "100 is a host without an open finding. See docs/scoring.md.",
        "plumbline lists --columns name,score",
    ),
    "host_score": Counted(
        "100 is a host without an open finding; each finding takes its part, the more the "
        "higher its risk. See docs/scoring.md.",
        "plumbline hosts --columns dns_name,ip,score",
    ),
    "host_risk": Counted(
        "From 0 to 10: the worst open finding, raised by how much more there is, and by how "
        "critical the host is (ACR) where the console tells that. The SC score is Security "
        "Center's own: 40 a critical, 10 a high, 3 a medium, 1 a low finding.",
        "plumbline hosts --columns dns_name,ip,risk,sc_score",
    ),
    "open": Counted(
        "Findings that are open or reopened; accepted, fixed and vanished ones are left out. "
        "One finding is one plugin on one port of one host.",
        "plumbline findings state:active",
    ),
    "overdue": Counted(
        "Open findings past the deadline of their severity, counted from first seen.",
        "plumbline findings state:active sla:overdue",
    ),
    "exploitable": Counted(
        "Open findings whose plugin has an exploit, or stands in CISA's catalogue of known "
        "exploited vulnerabilities (KEV).",
        "plumbline findings state:active exploitable:yes",
    ),
    "members": Counted(
        "Hosts the console still has.",
        "plumbline hosts present:yes",
    ),
    "sla": Counted(
        "Days from first seen to the deadline of each severity. Fixed in time is the share of"
        f" the findings whose deadline fell in the last {PERIOD_DAYS} days.",
        "plumbline ask sla",
    ),
    "health": Counted(
        "Each run compares its own counts with the console's totals, by repository, severity "
        "and store. Only where all of them agree a run is complete.",
        "plumbline status",
    ),
}
"""By the names the templates use."""
