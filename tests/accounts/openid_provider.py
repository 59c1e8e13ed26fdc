"""An OpenID provider that lies on demand: whatever its tokens should say wrong, they say."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from accounts.sso import fetching

KEYS = [RSAKey.generate_key(2048, {"kid": name, "use": "sig"}) for name in ("first", "second")]
STRANGER = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})


class Provider:
    """`claims` are added to what a good token says; None takes one away. `discovery` likewise."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.client_id = "portal"
        self.claims: dict[str, Any] = {}
        self.discovery: dict[str, Any] = {}
        self.key: Any = KEYS[0]
        self.algorithm = "RS256"
        self.published: list[Any] = [KEYS[0]]
        # With HS256: somebody signs with what they know, the client secret or the public key.
        self.secret = b""
        self.token_answer: tuple[int, dict[str, Any]] | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[tuple[str, dict[str, str], str]] = []
        self.userinfo: dict[str, Any] = {}
        self.userinfo_status = 200
        self.huge = self.nested = False

    def authorize(self, address: str) -> dict[str, str]:
        """What the browser would bring back after signing in at `address`."""
        question = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = question
        return {"code": code, "state": question["state"]}

    def configuration(self) -> dict[str, Any]:
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo" if self.userinfo else None,
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }
        return {name: value for name, value in {**said, **self.discovery}.items() if value is not None}

    def redeem(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.token_answer:
            return self.token_answer
        question = self.codes.pop(form["code"], None)
        if question is None or question["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if question["code_challenge_method"] != "S256" or question["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": self.token(question["nonce"])}

    def token(self, nonce: str) -> str:
        now = int(time.time())
        said = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "nora",
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            "email": "nora@norrsken.example",
            "name": "Nora Ny",
            **self.claims,
        }
        claims = {name: value for name, value in said.items() if value is not None}
        if self.algorithm in {"none", "HS256"}:
            head = {"alg": self.algorithm, "typ": "JWT", "kid": "first"}
            signed = ".".join(spelled(json.dumps(part).encode()) for part in (head, claims))
            seal = hmac.digest(self.secret, signed.encode(), "sha256") if self.algorithm == "HS256" else b""
            return f"{signed}.{spelled(seal)}"
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return jws.serialize_compact(header, json.dumps(claims).encode(), self.key, algorithms=[self.algorithm])

    def keys(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.published]}


@contextmanager
def running() -> Iterator[Provider]:
    """A provider on loopback, in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append((self.path, {}, self.headers.get("Authorization", "")))
            if self.path == "/userinfo":
                return self._answer(provider.userinfo_status, provider.userinfo)
            pages = {"/.well-known/openid-configuration": provider.configuration, "/keys": provider.keys}
            page = pages.get(urlsplit(self.path).path)
            return self._answer(*((200, page()) if page else (404, {})))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            provider.asked.append((self.path, form, self.headers.get("Authorization", "")))
            self._answer(*provider.redeem(form))

        def _answer(self, status: int, said: dict[str, Any]) -> None:
            body = json.dumps(said).encode() + (b" " * 2_000_000 if provider.huge else b"")
            body = b"[" * 100_000 if provider.nested else body
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        # It is there and answers; on a machine that stands still for seconds, that takes as long.
        with mock.patch.multiple(fetching, WAIT_SECONDS=60, WHOLE_SECONDS=90):
            yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def spelled(part: bytes) -> str:
    """As tokens spell their parts."""
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
