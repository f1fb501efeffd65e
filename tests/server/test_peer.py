"""The one rule about proxies: who is believed, and what is made of what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.server.entrance import without_prefix
from mrdraw.server.peer import PeerRule, Peers
from mrdraw.settings import Settings
from mrdraw.settings.reverse_proxy import ReverseProxyTree

DEFAULT = ReverseProxyTree()
FORWARDED = {
    "X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "printer.example:8443",
    "X-Forwarded-Prefix": "/mrdraw",
}  # fmt: skip


def peer(*lines, sender="127.0.0.1", tree=DEFAULT, scheme="http", host="mrdraw:5000", **headers):
    sent = [("Host", host), *headers.items(), *lines]
    raw = [(name.replace("_", "-").lower().encode(), value.encode("latin-1")) for name, value in sent]
    return PeerRule(tree).find({"client": (sender, 1234), "scheme": scheme, "headers": raw})


def through(*lines, **named):
    return peer(*FORWARDED.items(), *lines, **named)


@pytest.mark.parametrize("sender", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_a_proxy_on_this_computer_is_believed(sender):
    found = through(sender=sender)
    assert found.base == "https://printer.example:8443/mrdraw"
    assert (found.address, found.port, found.from_proxy) == ("198.51.100.7", "8443", True)


@pytest.mark.parametrize("sender", ["192.168.1.5", "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", "nonsense", ""])
def test_nobody_else_is(sender):
    found = through(sender=sender)
    assert found.base == "http://mrdraw:5000"
    assert found.address == sender.removeprefix("::ffff:").replace("nonsense", "")
    assert (found.prefix, found.from_proxy, found.named_hosts) == ("", False, ("mrdraw",))


@pytest.mark.parametrize(
    ("tree", "believed"),
    [
        (ReverseProxyTree(trusted_proxies=("10.0.0.0/8", "2001:db8::/32")), {"127.0.0.1", "10.0.0.1", "2001:db8::1"}),
        (ReverseProxyTree(trusted_proxies=("10.0.0.1",), trust_localhost_proxies=False), {"10.0.0.1"}),
        (ReverseProxyTree(trust_localhost_proxies=False), set()),
        (ReverseProxyTree(trusted_downstream=("10.0.0.1",)), {"10.0.0.1"}),
        (ReverseProxyTree(trusted_downstream=("127.0.0.1", "10.0.0.1")), {"127.0.0.1", "10.0.0.1"}),
    ],
    ids=["more", "another", "nobody", "older", "older with the loopback"],
)
def test_the_settings_say_who_is_believed(tree, believed):
    everybody = ("127.0.0.1", "10.0.0.1", "2001:db8::1", "192.168.1.5")
    assert {one for one in everybody if through(sender=one, tree=tree).from_proxy} == believed


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("1.2.3.4, 198.51.100.7", "198.51.100.7"),
        ("1.2.3.4, 198.51.100.7, 127.0.0.1, ::1", "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:DB8::7", "2001:db8::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("127.0.0.2, 127.0.0.3", "127.0.0.2"),
        ("1.2.3.4, unknown", "127.0.0.1"),
        ("1.2.3.4, unknown, 127.0.0.3", "127.0.0.3"),
        (",,,", "127.0.0.1"),
        ("a" * 5000, "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_hop_that_is_no_proxy_of_ours(hops, client):
    assert peer(X_Forwarded_For=hops).address == client


def test_a_header_that_comes_twice_is_one_list():
    assert peer(("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "198.51.100.7")).address == "198.51.100.7"
    assert peer(("X-Forwarded-For", "198.51.100.7"), ("X-Forwarded-For", "127.0.0.1")).address == "198.51.100.7"


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({"X-Scheme": "https"}, "https://mrdraw:5000"),
        ({"X-Forwarded-Proto": "https,http", "X-Scheme": "http"}, "https://mrdraw:5000"),
        ({"X-Forwarded-Proto": "WSS"}, "https://mrdraw:5000"),
        ({"X-Forwarded-Proto": "gopher"}, "http://mrdraw:5000"),
        ({"X-Script-Name": "/octo/", "X-Forwarded-Prefix": "/other"}, "http://mrdraw:5000/octo"),
        ({"X-Forwarded-Prefix": "/a/b-c_d.e~f"}, "http://mrdraw:5000/a/b-c_d.e~f"),
        ({"X-Forwarded-Prefix": "/"}, "http://mrdraw:5000"),
        ({"X-Forwarded-Prefix": "//evil.example"}, "http://mrdraw:5000"),
        ({"X-Forwarded-Prefix": "/../.."}, "http://mrdraw:5000"),
        ({"X-Forwarded-Prefix": "octo"}, "http://mrdraw:5000"),
        ({"X-Forwarded-Prefix": '/<script>"'}, "http://mrdraw:5000"),
        ({"X-Forwarded-Host": "x.example, y.example"}, "http://x.example"),
        ({"X-Forwarded-Host": "[2001:db8::1]:81"}, "http://[2001:db8::1]:81"),
        ({"X-Forwarded-Host": "evil/.."}, "http://mrdraw:5000"),
        ({"X-Forwarded-Host": "a b"}, "http://mrdraw:5000"),
        ({"X-Forwarded-Host": "user@evil"}, "http://mrdraw:5000"),
        ({"X-Forwarded-Host": "\xff"}, "http://mrdraw:5000"),
    ],
)
def test_what_makes_no_sense_counts_as_not_said(headers, base):
    assert peer(*headers.items()).base == base


def test_what_a_proxy_does_not_say_is_taken_from_the_settings():
    tree = ReverseProxyTree(prefix_fallback="/octo/", scheme_fallback="https", host_fallback="printer.example")
    assert peer(tree=tree).base == "https://printer.example/octo"
    assert through(tree=tree).base == "https://printer.example:8443/mrdraw"
    assert peer(tree=tree, sender="192.168.1.5").base == "http://mrdraw:5000"
    assert peer(tree=tree, X_Script_Name="/").base == "https://printer.example"


@pytest.mark.parametrize(
    ("scheme", "host", "port"),
    [("http", "a", "80"), ("https", "a", "443"), ("wss", "a", "443"), ("ws", "a:81", "81"), ("http", "[::1]", "80"),
     ("http", "[::1]:82", "82")],
)  # fmt: skip
def test_the_port_that_the_client_uses(scheme, host, port):
    assert peer(scheme=scheme, host=host).port == port


def test_the_names_of_cookies_are_those_that_clients_compute():
    assert peer(host="a").cookie_suffix() == "_P80"
    assert peer(host="a:5000").cookie_suffix("/machines/left") == "_P5000_R|machines|left"
    assert through().cookie_suffix() == "_P8443_R|mrdraw"
    assert through(("X-Script-Name", "/a/b")).cookie_suffix("/machines/left") == "_P8443_R|a|b|machines|left"


def test_a_rule_about_hosts_sees_each_that_is_named():
    assert peer(host="evil.example:5000", X_Forwarded_Host="localhost").named_hosts == ("evil.example", "localhost")
    assert peer(host="[::1]:5000").named_hosts == ("::1",)
    assert peer(host="a b").named_hosts == ("",)
    assert (peer(host="a b").host, peer(host="").host) == ("localhost", "localhost")


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("/octo/api/version", "/api/version"), ("/octo", ""), ("/octo/", "/"), ("//octo//api", "//api"),
        ("/api/version", "/api/version"), ("/octopus/api", "/octopus/api"), ("/", "/"), ("//api", "//api"),
        ("/octo/octo/api", "/octo/api"),
    ],
)  # fmt: skip
def test_a_prefix_may_be_passed_on_or_not(path, below):
    assert without_prefix(path, "/octo") == below


def test_a_change_of_the_settings_counts_at_once(tmp_path):
    settings = Settings(tmp_path)
    peers = Peers(settings)
    scope = {"client": ("10.0.0.1", 1), "scheme": "http", "headers": [(b"x-forwarded-for", b"198.51.100.7")]}
    assert peers.find(scope).address == "10.0.0.1"
    settings.update({"server": {"reverseProxy": {"trustedProxies": ["10.0.0.1"]}}})
    assert peers.find(scope).address == "198.51.100.7"


def test_what_is_kept_is_bounded():
    rule = PeerRule(DEFAULT)
    for number in range(3000):
        headers = [(b"host", f"h{number}".encode() + b"x" * (number % 3) * 1000)]
        found = rule.find({"client": ("10.0.0.1", 1), "scheme": "http", "headers": headers})
        assert found is rule.find({"client": ("10.0.0.1", 1), "scheme": "http", "headers": headers}) or number % 3 == 2
    assert len(rule._kept) <= 1024
    assert max(len(said[0][1]) for _, _, said in rule._kept) <= 1024


NAMES = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix", "x-script-name", "host"]


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.text(st.characters(max_codepoint=255), max_size=40))),
    st.sampled_from(["127.0.0.1", "10.0.0.1", "::1", "x"]),
)
def test_nothing_that_is_sent_leads_astray(lines, sender):
    """Whatever comes: addresses that can stand in a header, and from strangers nothing at all."""
    found = peer(*lines, sender=sender, host="h")
    assert found.base.isascii()
    assert not set(found.base) & set(" \r\n\"'<>@\\")
    assert found.base.startswith(("http://", "https://"))
    if sender in {"10.0.0.1", "x"}:
        assert (found.scheme, found.host, found.prefix) == ("http", "h", "")
