"""The filters of an analysis: which there are, and how they are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plumbline.emulator.clauses import Clause, Scope, invalid
from plumbline.emulator.judges import JUDGES
from plumbline.emulator.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.emulator.findings import Bools

VALID = (
    "acceptedRisk",
    "acceptRiskStatus",
    "aesSeverity",
    "asset",
    "assetCriticalityRating",
    "assetExposureScore",
    "assetID",
    "auditFile",
    "auditFileID",
    "baseCVSSScore",
    "benchmarkName",
    "cceID",
    "cpe",
    "cveID",
    "cvssV3BaseScore",
    "cvssV3Vector",
    "cvssV4BaseScore",
    "cvssV4Supplemental",
    "cvssV4ThreatScore",
    "cvssV4ThreatVector",
    "cvssV4Vector",
    "cvssVector",
    "dataFormat",
    "daysMitigated",
    "daysToMitigated",
    "dnsName",
    "epssScore",
    "exploitAvailable",
    "exploitFrameworks",
    "family",
    "familyID",
    "firstSeen",
    "hostUUID",
    "iavmID",
    "ip",
    "lastMitigated",
    "lastSeen",
    "mitigatedStatus",
    "msbulletinID",
    "netbiosName",
    "operatingSystem",
    "outputAssets",
    "patchPublished",
    "pluginID",
    "pluginModified",
    "pluginName",
    "pluginPublished",
    "pluginText",
    "pluginType",
    "policy",
    "policyID",
    "port",
    "protocol",
    "recastRisk",
    "recastRiskStatus",
    "repository",
    "repositoryIDs",
    "responsibleUser",
    "responsibleUserIDs",
    "seolDate",
    "severity",
    "solutionID",
    "stigSeverity",
    "tcpport",
    "udpport",
    "uuid",
    "vprScore",
    "vulnPublished",
    "vulnRoutedUserIDs",
    "vulnRoutingRuleID",
    "vulnUUID",
    "wasHttpMethod",
    "wasInputName",
    "wasInputType",
    "wasMitigated",
    "wasURL",
    "wasVuln",
    "xref",
)


def select(scope: Scope, clauses: Iterable[Clause]) -> Bools:
    """Rows that pass every filter; of filters with one name only the last counts.

    Raises:
        Refusal: 146 for what is unknown or badly written, 143 for what is not there yet.
    """
    chosen = np.ones(len(scope.findings), dtype=bool)
    for clause in {clause.name: clause for clause in clauses}.values():
        if clause.name not in VALID:
            raise invalid(
                f"The filter '{clause.name}' is invalid (valid filters: {', '.join(VALID)})."
            )
        judge = JUDGES.get(clause.name)
        if judge is None:
            raise Refusal(f"Filter '{clause.name}' is not emulated.\n", code=143)
        chosen &= judge(scope, clause)
    return chosen


__all__ = ["VALID", "Clause", "Scope", "select"]
