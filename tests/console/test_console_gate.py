"""Only the listed reads can be expressed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.console.gate import ANALYSIS, TABLE, Method, Permit, get
from plumbline.errors import UsageError

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get"]
ALLOWED = {
    *(("GET", f"/rest/{name}") for name in ("system", "status", "currentUser")),
    *(("GET", f"/rest/{name}") for name in ("currentOrganization", "repository", "asset")),
    *(("GET", f"/rest/{name}") for name in ("plugin", "pluginFamily", "hosts", "scanResult")),
    *(("GET", f"/rest/{name}") for name in ("acceptRiskRule", "recastRiskRule")),
    *(("GET", f"/rest/{name}") for name in ("group", "role", "user")),
    *(("GET", f"/rest/{name}/7") for name in ("repository", "asset", "plugin")),
    ("POST", "/rest/analysis"),
}
_RESOURCES = """
    acceptRiskRule agent agentGroup agentResultsSync agentScan alert analysis arc arcTemplate asset
    attributeSet auditFile auditFileTemplate blackout bulk configSection configuration credential
    currentOrganization currentUser customPlugins cve dashboardComponent dashboardTab
    dashboardTemplate deviceInfo directorInsights directorOrganization directorRepository
    directorScan directorScanner directorUser email feed file freezeWindow group hosts jobs ldap
    lce lcePolicy license location lumin mdm notification organization passiveScanner plugin
    pluginFamily policy policyTemplate publishingSite query recastRiskRule report
    reportDefinition reportImage reportTemplate repository role saml scan scanner scanPolicy
    scanResult scanZone sensorProxy solutions ssh sshKey status style styleFamily system tesUser
    tesAdminRoles ticket token upload user userRole wasScan wasScanner
"""
_TAILS = """
    /7 /7/start /7/copy /7/refresh /7/share /7/download /7/import /7/export /7/stop /7/retrieve
    /7/deviceInfo /7/assetIntersections /7/acceptRiskRules /7/generateNetworkRule /download
    /search /import /export /tag /process /logs /diagnostics /diagnostics/generate /test /upload
    /clear /sort /7/apikey /7/keys /locale /associateCert
"""
KNOWN = [f"/rest/{name}{tail}" for name in _RESOURCES.split() for tail in ("", *_TAILS.split())]
TRICKS = [
    "/rest/analysis/",
    "/rest/analysis/download",
    "/rest/analysis?x=1",
    "/rest/analysis#x",
    "/rest/analysis\n",
    "/rest/analysis\r\nX: y",
    "/rest/analysis\x00",
    "/rest/analysis%2Fdownload",
    "/rest/analysis;x",
    "//rest/analysis",
    "/rest//analysis",
    "/rest/./analysis",
    "/rest/system/../analysis",
    "/rest/asset/../user/7",
    "/rest/asset/%2e%2e/user",
    "/rest/asset/7/..",
    "/rest/asset/7%2Frefresh",
    "/rest/asset/7\\refresh",
    "/rest/asset/-1",
    "/rest/asset/+7",
    "/rest/asset/7.0",
    "/rest/asset/٧",  # noqa: RUF001 - a digit, but no ASCII one
    "/rest/asset/99999999999",
    "/rest/asset/",
    "/rest/asset/7/",
    "/REST/asset",
    "/rest/Asset",
    "/rest/{id}",
    "/rest/asset/{id}",
    "rest/asset",
    "https://elsewhere.example/rest/asset",
    "/rest",
    "/",
    "",
]


def may(method: str, path: str) -> bool:
    try:
        Permit(method, path)  # type: ignore[arg-type]
    except UsageError:
        return False
    return True


@pytest.mark.parametrize("method", METHODS)
def test_every_method_on_every_known_endpoint_meets_the_gate(method: str) -> None:
    spoken = Method(method) if method in set(Method) else method
    passing = {(method, path) for path in KNOWN if may(spoken, path)}
    assert passing == {pair for pair in ALLOWED if pair[0] == method}


@pytest.mark.parametrize("path", TRICKS)
def test_no_trick_with_the_path_passes(path: str) -> None:
    assert not any(may(method, path) for method in Method)


@given(st.text(max_size=40))
def test_nothing_but_a_number_can_stand_for_an_id(tail: str) -> None:
    is_number = tail.isascii() and tail.isdigit() and len(tail) <= 10
    assert may(Method.GET, f"/rest/asset/{tail}") is is_number


def test_a_parameter_that_is_not_listed_is_refused() -> None:
    with pytest.raises(UsageError, match="not a read"):
        get("/rest/asset", _method="DELETE")


def test_a_parameter_cannot_end_the_request_line() -> None:
    target = get("/rest/asset", fields="id HTTP/1.1\r\nX-Evil: 1&x#").target
    assert not set(target) & set(" \r\n#")


def test_the_only_post_is_the_analysis() -> None:
    assert [rule.path for rule in TABLE if rule.method is Method.POST] == ["/rest/analysis"]
    assert ANALYSIS.target == "/rest/analysis"


def test_parameters_stand_in_the_target_as_tenable_writes_them() -> None:
    permit = get("/rest/asset", filter="excludeAllDefined,usable", fields="id,name")
    assert permit.target == "/rest/asset?filter=excludeAllDefined,usable&fields=id,name"
