"""A small OpenID Connect provider on loopback: code flow, PKCE, tokens signed by its own key."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT, SECRET = "plumbline", "the provider's secret"


@dataclass
class Provider:
    """Whom it signs in next, and what it was asked."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    """What it tells of whoever comes next; `sub` and `preferred_username` among it."""
    token: dict[str, Any] = field(default_factory=dict)
    """What the token says otherwise than it should."""
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def authorize(self, told: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        assert told["client_id"] == CLIENT
        assert told["response_type"] == "code"
        assert "openid" in told["scope"].split()
        assert told["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = told
        return f"{told['redirect_uri']}?{urlencode({'code': code, 'state': told['state']})}"

    def exchange(self, told: dict[str, str]) -> dict[str, Any]:
        asked = self.codes.pop(told["code"])
        assert told["client_secret"] == SECRET
        assert told["redirect_uri"] == asked["redirect_uri"]
        digest = hashlib.sha256(told["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        now = int(time.time())
        given = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, **self.claims}
        id_token = jwt.encode(given | self.token, self.key, "RS256", headers={"kid": "one"})
        return {"access_token": "an access token", "token_type": "Bearer", "id_token": id_token}

    def jwks(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}


@contextmanager
def provider() -> Iterator[Provider]:
    """One that listens until the end."""
    found = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            found.asked.append(parts.path)
            match parts.path:
                case "/.well-known/openid-configuration":
                    self._send(found.discovery())
                case "/jwks":
                    self._send(found.jwks())
                case "/userinfo":
                    assert self.headers["Authorization"] == "Bearer an access token"
                    self._send(found.claims)
                case "/authorize":
                    self.send_response(302)
                    self.send_header("Location", found.authorize(dict(parse_qsl(parts.query))))
                    self.end_headers()
                case _:
                    self.send_error(404)

        def do_POST(self) -> None:
            found.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told = {name: values[0] for name, values in parse_qs(body).items()}
            self._send(found.exchange(told))

        def _send(self, told: dict[str, Any]) -> None:
            content = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
