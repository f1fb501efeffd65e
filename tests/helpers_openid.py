"""Providers of OpenID Connect: a certified one that runs as a process of its own, and one that a test has misbehave."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from helpers_serve import PATIENCE, free_port

SCRIPT = Path(__file__).parent / "openid_provider.mjs"
CLIENT_ID, CLIENT_SECRET = "mrdraw", "a-secret-of-the-tests"


@contextlib.contextmanager
def real_provider(*redirect_uris):
    """The address of the provider, which sends browsers back to these addresses only."""
    port = free_port()
    command = [shutil.which("node"), str(SCRIPT), str(port), *redirect_uris]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said = []
        while "READY\n" not in said:
            line = process.stdout.readline()
            assert line, "".join(said)
            said.append(line)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(PATIENCE)
        process.stdout.close()


def settings_of(issuer, external_url="http://mrdraw", **members):
    """What stands in `config.yaml` for this provider."""
    provider = {"issuer": issuer, "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, **members}
    return {"accessControl": {"openId": {"externalUrl": external_url, "providers": {"id": provider}}}}


class Browser:
    """Somebody who has a browser and an account at the provider."""

    def __init__(self, mrdraw, name="ada"):
        self._mrdraw = mrdraw
        self._provider = httpx.AsyncClient()
        self.name = name

    async def log_in(self, path="/login/openid/id", **query):
        """Press the button and go all the way; the answer to the browser that came back."""
        return await self._mrdraw.get(await self.go(path, **query))

    async def go(self, path="/login/openid/id", **query):
        """Press the button and fill in the provider's form; the address that the browser is sent back to."""
        away = await self._mrdraw.get(path, params=query)
        assert away.status_code == 303, away.text
        return await self.answer(away.headers["location"])

    async def answer(self, address):
        """Fill in whatever form the provider shows."""
        for _ in range(12):
            assert not address.startswith("http://mrdraw/#"), address
            if address.startswith("http://mrdraw/"):
                return address
            answer = await self._provider.get(address)
            if answer.status_code == 200:
                prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)[1]
                form = {"prompt": prompt, **({"login": self.name, "password": "x"} if prompt == "login" else {})}
                answer = await self._provider.post(re.search(r'action="([^"]+)"', answer.text)[1], data=form)
            address = str(httpx.URL(address).join(answer.headers["location"]))
        raise AssertionError(address)

    async def close(self):
        await self._provider.aclose()


class HostileProvider:
    """A provider that signs what a test wants it to."""

    def __init__(self):
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.issuer = ""
        self.claims = {}
        """Over those that would be right."""
        self.without = ()
        self.header = {"alg": "ES256", "kid": "one"}
        self.signed_with = self.key
        self.id_token = None
        """Instead of a signed one."""
        self.discovery = {}
        self.codes = {}
        """The nonce of each code that may be taken once."""
        self.token_requests = []
        self.user_info = {}
        self.late = 0.0
        self._serving = set()

    @contextlib.asynccontextmanager
    async def serving(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def authorize(self, address, **more):
        """What the browser is sent back with: a new code."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked["nonce"]
        return {"code": code, "state": asked["state"], **more}

    async def _serve(self, reader, writer):
        self._serving.add(asyncio.current_task())
        try:
            await self._answer_one(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer_one(self, reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?i)content-length: (\d+)", head)
            body = (await reader.readexactly(int(length[1]))).decode() if length else ""
            await asyncio.sleep(self.late)
            status, members = self._answer(head.split(" ")[1], head, body)
            content = json.dumps(members).encode()
            writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(content), content))
            await writer.drain()

    def _answer(self, path, head, body):
        if path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/jwks"}
            known = {name: self.issuer + place for name, place in names.items()}
            return 200, {"issuer": self.issuer, **known, **self.discovery}
        if path == "/jwks":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if path == "/me":
            return 200, self.user_info
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.token_requests.append((head, form))
        nonce = self.codes.pop(form.get("code"), None)
        if nonce is None:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.id_token or self._signed(nonce)}

    def _signed(self, nonce):
        now = int(time.time())
        right = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "s-1", "exp": now + 300, "iat": now, "auth_time": now,
            "nonce": nonce, "preferred_username": "ann",
        }  # fmt: skip
        claims = {name: value for name, value in (right | self.claims).items() if name not in self.without}
        if self.header["alg"] == "none":
            return ".".join([*(_encoded(part) for part in (self.header, claims)), ""])
        return jwt.encode(self.header, claims, self.signed_with, algorithms=["ES256", "HS256"])


def _encoded(members):
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")
