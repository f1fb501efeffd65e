import contextlib
import socket

import pytest

from helpers_serve import answers, free_port
from mrdraw.errors import MrDrawError
from mrdraw.server.listening import PortTaken, bind, check_own, is_loopback, listen_beside, resolve, url


@pytest.mark.parametrize(
    ("numeric", "expected"),
    [
        ("127.0.0.1", True), ("127.0.0.2", True), ("::1", True), ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("fe80::1%eth0", False), ("::ffff:10.0.0.1", False),
    ],
)  # fmt: skip
def test_what_is_loopback(numeric, expected):
    assert is_loopback(numeric) is expected


def test_names_are_resolved():
    assert resolve("localhost", 5000).is_loopback
    assert resolve("0.0.0.0", 5000).is_any
    assert resolve("::", 5000).is_any
    assert not resolve("127.0.0.1", 5000).is_any
    for name in ("no.such.host.invalid", "", "a" * 70):
        if name:
            with pytest.raises(MrDrawError, match="There is no address"):
                resolve(name, 5000)


def has_ipv6():
    with contextlib.suppress(OSError), socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True):
        return True
    return False


@pytest.mark.parametrize(
    "wanted",
    ["0.0.0.0", "127.0.0.2", pytest.param("::", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here"))],
)
def test_a_second_socket_beside_the_first(wanted):
    port = free_port()
    with contextlib.closing(bind(resolve("127.0.0.1", port))) as first:
        assert not answers("127.0.0.1", port)
        first.listen()
        with listen_beside(resolve(wanted, port), first) as second:
            assert answers("127.0.0.1", port)
            assert answers("127.0.0.2", port)
            for one in (first, second):
                assert one.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) == 0
            with pytest.raises(PortTaken):
                bind(resolve("127.0.0.3" if wanted != "127.0.0.2" else wanted, port))


def test_beside_somebody_elses_socket():
    port = free_port()
    with (
        contextlib.closing(bind(resolve("127.0.0.1", port))) as first,
        contextlib.closing(bind(resolve("127.0.0.2", port))) as theirs,
    ):
        first.listen()
        theirs.listen()
        with pytest.raises(PortTaken, match=r"Another program listens on 0\.0\.0\.0"):
            listen_beside(resolve("0.0.0.0", port), first)


def test_an_address_of_another_computer():
    check_own(resolve("127.0.0.1", 5000))
    for refused in (check_own, bind):
        with pytest.raises(MrDrawError, match=r"does not have the address 192\.0\.2\.7"):
            refused(resolve("192.0.2.7", 5000))


def test_urls():
    assert url("https", "::1", 5000) == "https://[::1]:5000"
    assert url("http", "127.0.0.1", 80) == "http://127.0.0.1:80"
