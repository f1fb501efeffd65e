"""`POST /api/util/test` (contract, 5.12 and 15.30)."""

import asyncio
import contextlib
import hashlib
import re
import socket

import pytest

from helpers_hub import run
from helpers_serve import free_port

URL = "/api/util/test"


async def probe(client, command, **members):
    answer = await client.post(URL, json={"command": command, **members})
    assert answer.status_code == 200, answer.text
    return answer.json()


@contextlib.asynccontextmanager
async def webserver(respond):
    """A server that answers each request with what `respond(request as text)` gives; its port, and what it heard."""
    heard, leaving = [], asyncio.Event()

    async def serve(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            heard.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
            said = respond(heard[-1])
            if said is None:
                await leaving.wait()
            writer.write(said or b"")
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard
        leaving.set()
        await asyncio.sleep(0.05)


def answer(status, *headers, body=b""):
    return "\r\n".join([f"HTTP/1.1 {status} x", *headers, "", ""]).encode() + body


# --- paths ------------------------------------------------------------------------------------------------------------


def test_paths(tmp_path):
    (tmp_path / "there.txt").write_text("x")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "run.sh").write_text("")
    (tmp_path / "run.sh").chmod(0o755)
    yes = {"exists": True, "typeok": True, "broken_symlink": False, "access": True, "result": True}

    async def scenario(client, _):
        folder, file = str(tmp_path), str(tmp_path / "there.txt")
        assert await probe(client, "path", path=file) == {"path": file, **yes}
        assert await probe(client, "path", path="there.txt", check_type="file") == {"path": "there.txt", **yes}
        ways = {"check_type": "dir", "check_access": ["r", "x"], "check_writable_dir": True}
        assert await probe(client, "path", path=folder, **ways) == {"path": folder, **yes}
        assert await probe(client, "path", path=f"{folder}/run.sh", check_access="x") == {
            "path": f"{folder}/run.sh", **yes,
        }  # fmt: skip
        wrong_kind = await probe(client, "path", path=file, check_type="dir")
        assert (wrong_kind["exists"], wrong_kind["typeok"], wrong_kind["result"]) == (True, False, False)
        assert (await probe(client, "path", path=file, check_access="x"))["access"] is False
        broken = await probe(client, "path", path=f"{folder}/nowhere")
        assert (broken["broken_symlink"], broken["exists"], broken["result"]) == (True, False, False)
        for nonsense in ("", "a\0b", "x/" * 5000, f"{folder}/none"):
            assert (await probe(client, "path", path=nonsense))["result"] is False, nonsense

    run(tmp_path, scenario, user="boss")


def test_folders_are_made_in_the_base_folder_only(tmp_path):
    base, outside = tmp_path / "base", tmp_path / "outside"
    base.mkdir()
    outside.mkdir()
    (base / "leads-out").symlink_to(outside)

    async def scenario(client, _):
        make = {"check_type": "dir", "allow_create_dir": True}
        assert (await probe(client, "path", path=str(base / "a" / "b"), **make))["result"] is True
        assert (base / "a" / "b").is_dir()
        for elsewhere in (outside / "c", base / ".." / "outside" / "c", base / "leads-out" / "c", tmp_path / "base2"):
            assert (await probe(client, "path", path=str(elsewhere), **make))["result"] is False, elsewhere
        assert (await probe(client, "path", path="../outside/c", **make))["result"] is False
        assert not list(outside.iterdir())
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["base", "outside"]
        await probe(client, "path", path=str(base / "d"), check_type="dir")
        await probe(client, "path", path=str(base / "e"), check_type="file", allow_create_dir=True)
        assert not (base / "d").exists()
        assert not (base / "e").exists()

    run(base, scenario, user="boss")


# --- addresses of the web ---------------------------------------------------------------------------------------------


def test_the_status_and_the_kind_of_an_address(tmp_path):
    async def scenario(client, _):
        jpeg = answer(200, "Content-Type: image/jpeg; q=1", "Content-Length: 6", body=b"secret")
        async with webserver(lambda _: jpeg) as (port, heard):
            url = f"http://127.0.0.1:{port}/a b?action=snapshot#x"
            found = await probe(client, "url", url=url, method="GET", response=True)
            kind = {"assumed_content_type": "image/jpeg; q=1"}
            assert found == {"url": url, "status": 200, "result": True, "response": kind}
            assert heard[0].startswith(f"GET /a%20b?action=snapshot HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n")
            for members, result in (
                ({"status": "success"}, True), ({"status": ["error", 200]}, True), ({"status": "200"}, True),
                ({"status": 404}, False), ({"status": "timeout"}, False),
                ({"content_type_whitelist": ["image/*"]}, True),
                ({"content_type_whitelist": ["text/*"]}, False), ({"content_type_blacklist": ["IMAGE/jpeg"]}, False),
                ({"content_type_whitelist": []}, False), ({"content_type_blacklist": []}, True),
            ):  # fmt: skip
                assert (await probe(client, "url", url=url, **members))["result"] is result, members
            assert heard[-1].startswith("HEAD ")

    run(tmp_path, scenario, user="boss")


def test_what_was_checked_is_what_is_connected_to(tmp_path, monkeypatch):
    asked = []

    async def scenario(client, _):
        async def getaddrinfo(host, *_, **__):
            asked.append(host)
            address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

        async with webserver(lambda _: answer(200)) as (port, heard):
            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
            assert (await probe(client, "url", url=f"http://cam.example:{port}/"))["status"] == 200
            assert f"Host: cam.example:{port}\r\n" in heard[0]
        assert asked == ["cam.example"]

    run(tmp_path, scenario, user="boss")


def test_redirects_are_not_followed(tmp_path):
    async def scenario(client, _):
        async with webserver(lambda _: answer(302, "Location: http://127.0.0.1:1/")) as (port, heard):
            found = await probe(client, "url", url=f"http://127.0.0.1:{port}/")
            assert (found["status"], len(heard)) == (302, 1)

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize(
    "said", [None, b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000, b"HTTP/1.1 200 OK\r\n"]
)
def test_servers_that_do_not_answer(tmp_path, said):
    async def scenario(client, _):
        async with webserver(lambda _: said) as (port, _):
            url = f"http://127.0.0.1:{port}/"
            assert await probe(client, "url", url=url, timeout=0.3) == {"url": url, "status": 0, "result": False}
            assert (await probe(client, "url", url=url, timeout=0.3, status="timeout"))["result"] is True

    run(tmp_path, scenario, user="boss")


def test_nobody_there(tmp_path):
    async def scenario(client, _):
        for url in (f"http://127.0.0.1:{free_port()}/", "http://nobody.invalid/", "https://[::1]:1/"):
            assert (await probe(client, "url", url=url, timeout=5))["status"] == 0, url

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize(
    "url", ["", "nope", "file:///etc/passwd", "http://a:99999/", "http://a/\r\nX: y", "http://[::1/", "http://", "//a/"]
)
def test_what_is_no_address(tmp_path, url):
    async def scenario(client, _):
        assert await probe(client, "url", url=url) == {"url": url, "status": 0, "result": False}

    run(tmp_path, scenario, user="boss")


def test_who_asks(tmp_path):
    async def scenario(client, _):
        async with webserver(lambda _: answer(200)) as (port, heard):
            url = f"http://127.0.0.1:{port}/"
            person = {"username": "ann", "password": "pä:ss"}
            await probe(client, "url", url=url, basicAuth=person)
            assert "Authorization: Basic YW5uOnDDpDpzcw==\r\n" in heard[-1]
            await probe(client, "url", url=url, bearerAuth="token")
            assert "Authorization: Bearer token\r\n" in heard[-1]
            await probe(client, "url", url=url.replace("//", "//ann:secret@"))
            assert "Authorization: Basic YW5uOnNlY3JldA==\r\n" in heard[-1]
            await probe(client, "url", url=url)
            assert "Authorization" not in heard[-1]

    run(tmp_path, scenario, user="boss")


def test_a_digest(tmp_path):
    def respond(request):
        proof = re.search(r"Authorization: Digest (.*)\r\n", request)
        if proof is None:
            return answer(401, 'WWW-Authenticate: Digest realm="cam", nonce="n1", qop="auth", algorithm=MD5')
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', proof[1]))
        first, second = (hashlib.md5(text.encode()).hexdigest() for text in ("ann:cam:secret", f"HEAD:{said['uri']}"))
        words = f"{first}:n1:{said['nc']}:{said['cnonce']}:auth:{second}"
        return answer(200 if said["response"] == hashlib.md5(words.encode()).hexdigest() else 401)

    async def scenario(client, _):
        async with webserver(respond) as (port, _):
            url = f"http://127.0.0.1:{port}/snapshot?x=1"
            right = {"username": "ann", "password": "secret"}
            assert (await probe(client, "url", url=url, digestAuth=right))["status"] == 200
            wrong = {**right, "password": "other"}
            assert (await probe(client, "url", url=url, digestAuth=wrong))["status"] == 401
        async with webserver(lambda _: answer(401, "WWW-Authenticate: Digest nonsense")) as (port, _):
            found = await probe(client, "url", url=f"http://127.0.0.1:{port}/", digestAuth=right)
            assert found["status"] == 401

    run(tmp_path, scenario, user="boss")


# --- servers, names, addresses ----------------------------------------------------------------------------------------


def test_servers(tmp_path):
    async def scenario(client, _):
        with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket(type=socket.SOCK_DGRAM) as receiving:
            port = listening.getsockname()[1]
            there = {"host": "127.0.0.1", "port": port, "protocol": "tcp", "result": True}
            assert await probe(client, "server", host="127.0.0.1", port=port) == there
            receiving.bind(("127.0.0.1", 0))
            udp = receiving.getsockname()[1]
            assert (await probe(client, "server", host="127.0.0.1", port=udp, protocol="udp"))["result"] is True
        assert (await probe(client, "server", host="127.0.0.1", port=port))["result"] is False
        assert (await probe(client, "server", host="127.0.0.1", port=udp, protocol="udp"))["result"] is False
        assert (await probe(client, "server", host="nobody.invalid", port=1))["result"] is False

    run(tmp_path, scenario, user="boss")


def test_names_and_addresses(tmp_path):
    async def scenario(client, _):
        assert await probe(client, "resolution", name="localhost") == {"name": "localhost", "result": True}
        assert (await probe(client, "resolution", name="nobody.invalid"))["result"] is False
        near = {"address": "127.0.0.1", "is_lan_address": True, "subnet": "127.0.0.0/8"}
        assert await probe(client, "address") == near
        assert await probe(client, "address", address="8.8.8.8") == {"address": "8.8.8.8", "is_lan_address": False}

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"command": "ping"}, "command"),
        ({"command": "path"}, "path"),
        ({"command": "path", "path": 1}, "path must be a string"),
        ({"command": "path", "path": "a", "check_type": "link"}, "file, dir"),
        ({"command": "path", "path": "a", "check_access": ["q"]}, "r, w, x"),
        ({"command": "path", "path": "a", "check_access": 7}, "check_access"),
        ({"command": "path", "path": "a", "check_writable_dir": True}, "check_type"),
        ({"command": "url", "url": "http://169.254.169.254/latest"}, "not connected to"),
        ({"command": "url", "url": "http://0/"}, "not connected to"),
        ({"command": "url", "url": "http://a/", "method": "POST"}, "HEAD, GET"),
        ({"command": "url", "url": "http://a/", "status": "fine"}, "informational"),
        ({"command": "url", "url": "http://a/", "status": {"a": 1}}, "status"),
        ({"command": "url", "url": "http://a/", "timeout": "soon"}, "timeout"),
        ({"command": "url", "url": "http://a/", "response": "xml"}, "json, bytes"),
        ({"command": "url", "url": "http://127.0.0.1/", "bearerAuth": "a\r\nb"}, "bearerAuth"),
        ({"command": "url", "url": "http://a/", "basicAuth": {"username": "a"}}, "basicAuth.password"),
        ({"command": "url", "url": "http://a/", "content_type_whitelist": "image/*"}, "content_type_whitelist"),
        ({"command": "server", "host": "127.0.0.1", "port": "http"}, "port"),
        ({"command": "server", "host": "127.0.0.1", "port": 0}, "port"),
        ({"command": "server", "host": "127.0.0.1", "port": 1, "protocol": "sctp"}, "tcp, udp"),
        ({"command": "server", "host": "224.0.0.1", "port": 1}, "not connected to"),
        ({"command": "resolution", "name": None}, "name"),
        ({"command": "address", "address": "here"}, "IP address"),
    ],
)
def test_what_is_refused(tmp_path, members, said):
    async def scenario(client, _):
        answered = await client.post(URL, json=members)
        assert (answered.status_code, said in answered.json()["error"]) == (400, True), answered.text

    run(tmp_path, scenario, user="boss")
