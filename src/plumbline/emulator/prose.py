"""Phrases that invented plugins and outputs are written with."""

from __future__ import annotations

VENDORS = (
    "Alderway Bramble Corvus Dunmore Eastlake Fenwick Garnet Halvard Ironbark Juniper-Hill Kestrel "
    "Larkspur Merrow Northgate Ostara Pinecrest Quillon Rowan Silverfen Tarnhelm Umber Vantage-Row "
    "Wexford Yarrow Zephyrine"
).split()
PRODUCTS = (
    "HTTP Server|Mail Gateway|Database Engine|Remote Desktop Agent|Backup Manager|Print Service|"
    "Directory Server|VPN Concentrator|Java Runtime|Office Suite|Web Browser|PDF Reader|"
    "Container Runtime|Message Broker|File Transfer Server|Monitoring Agent|Archive Library|"
    "Image Codec|TLS Library|Kernel|Shell|Scripting Runtime|Virtualization Host|Wiki|Issue Tracker"
).split("|")
FLAWS = (
    "Remote Code Execution|Privilege Escalation|Denial of Service|Information Disclosure|"
    "Authentication Bypass|Path Traversal|Heap Buffer Overflow|Use After Free|SQL Injection|"
    "Server-Side Request Forgery|Cross-Site Scripting|Improper Certificate Validation"
).split("|")
FACTS = (
    "Detection|Version Disclosure|Service Enumeration|Configuration Report|Installed Package List|"
    "Banner|Device Type|Supported Ciphers|Certificate Information|Host Name Resolution|"
    "Open Port Summary|Patch Report|Hardware Inventory|Scan Information|User Enumeration"
).split("|")

SENTENCES = (
    "The version of {product} installed on the remote host is prior to {version}.",
    "It is, therefore, affected by multiple vulnerabilities as referenced in the vendor advisory.",
    "A flaw exists in the request parser of {product} due to improper validation of length fields.",
    "An unauthenticated, remote attacker can exploit this, via a specially crafted packet, to execute "
    "arbitrary code with the privileges of the service account.",
    "A local attacker with low privileges can exploit this issue to elevate to administrator.",
    "The vulnerability is due to insufficient checks when a session is resumed.",
    "Successful exploitation may allow the attacker to read or modify files outside the document root.",
    "Note that the scanner has not tested for these issues but has instead relied only on the "
    "application's self-reported version number.",
    "An integer overflow in the image decoder of {product} leads to an out-of-bounds write.",
    "The affected component is enabled by default and listens on all interfaces.",
    "A race condition while rotating log files can be used to overwrite arbitrary files.",
    "The default configuration of {product} accepts weak credentials for the maintenance account.",
    "When the cache is full, {product} fails to release memory, and the service stops responding.",
    "Certificates are accepted without a check of the host name, which allows a man in the middle.",
    "The management page reflects the value of the 'q' parameter without encoding <, > and &.",
    "This issue was corrected in {version}; earlier branches no longer receive updates.",
    "Using the supplied credentials, it was possible to list the packages that are installed.",
    "By examining the responses, it is possible to determine the product and its version.",
    "The remote service supports algorithms that are considered weak by current standards.",
    "An attacker who can reach the broker may subscribe to any topic without being authorised.",
)
SYNOPSES = (
    "The remote host is missing a security update.",
    "An application installed on the remote host is affected by multiple vulnerabilities.",
    "The remote service is affected by a vulnerability.",
    "It was possible to obtain information about the remote host.",
    "A service is running on the remote host.",
)
EASES = (
    "Exploits are available",
    "No known exploits are available",
    "No exploit is required",
)
FRAMEWORKS = ("Metasploit (Example Module)", "Core Impact", "CANVAS (White_Phosphorus)")
OUTPUTS = (
    "\n  Path              : {path}\n  Installed version : {version}\n  Fixed version     : {fixed}\n",
    "\nRemote package installed : {name}-{version}\nShould be                : {name}-{fixed}\n",
    "The remote server at \x01 identifies itself as :\n\n  {product}/{version}\n",
    "\n  - {name} ({version})\n  - {name}-common ({version})\n  - lib{name} ({version})\n",
    "Port is open and answered in {number} ms.",
    "",
)
STRANGE = (
    "emoji \U0001f525\U0001f9ef, astral \U00020bb7, combining e\u0301",
    "line one\r\nline two\rline three\n\n\ttabbed",
    '<b onclick="alert(1)">bold</b> <script>alert("x")</script> &amp; &lt;tag&gt;',
    "right to left: \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u202eoverride\u202c",
    "nul [\x00] bell [\x07] escape [\x1b[31m]",
    "back\\slash \"quotes\" 'single' `tick` ${shell} %s {0} \u2028line separator\u2029",
    "\u65e5\u672c\u8a9e \ud55c\uad6d\uc5b4 \u4e2d\u6587 \u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac",
    "=cmd|' /C calc'!A0 +1 -1 @SUM(A1)",
)
