"""SSDP without sockets: what is read in a search, and what is answered (UPnP Device Architecture 1.1, section 1)."""

from hypothesis import given
from hypothesis import strategies as st

from mrdraw.server.discovery.ssdp import Device, Notice, Search, answers, notices, parse_search

DEVICE = Device("25c7244c-4eb6-4a77-ac13-54610497e668", "http://10.9.0.1:5000/plugin/discovery/discovery.xml")
UUID = f"uuid:{DEVICE.unique_id}"
BASIC = "urn:schemas-upnp-org:device:Basic:1"
SERVER = "Linux UPnP/1.1 MrDraw/1"


def search(target, *, man='"ssdp:discover"', mx="2", end="\r\n"):
    lines = ["M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", f"MAN: {man}", f"MX: {mx}", f"ST: {target}", "", ""]
    return end.join(lines).encode()


def headers(datagram):
    first, *lines = datagram.decode("ascii").split("\r\n")
    assert lines[-2:] == ["", ""]
    return first, {name: value.strip() for name, _, value in (line.partition(":") for line in lines[:-2])}


def test_a_search_is_read():
    assert parse_search(search("upnp:rootdevice")) == Search("upnp:rootdevice", 2)
    assert parse_search(search("ssdp:all").replace(b"MAN:", b"man :")) == Search("ssdp:all", 2)


def test_what_searches_for_long_hears_of_us_within_5_s():
    assert parse_search(search("ssdp:all", mx="120")) == Search("ssdp:all", 5)
    assert parse_search(search("ssdp:all", mx="9" * 1000)) == Search("ssdp:all", 5)


def test_what_is_no_search_is_not_answered():
    assert parse_search(search("ssdp:all", man="ssdp:discover")) is None
    assert parse_search(search("ssdp:all", mx="-1")) is None
    assert parse_search(search("ssdp:all", mx="²")) is None
    assert parse_search(search("")) is None
    assert parse_search(search("ssdp:all", end="\n")) is None
    assert parse_search(search("ssdp:all") + b"x" * 2048) is None
    for datagram in notices(DEVICE, Notice.ALIVE, SERVER):
        assert parse_search(datagram) is None
    for datagram in answers(Search("ssdp:all", 1), DEVICE, SERVER):
        assert parse_search(datagram) is None


def test_each_name_is_answered_with_itself():
    for target in ("upnp:rootdevice", UUID, BASIC):
        (answer,) = answers(Search(target, 1), DEVICE, SERVER)
        first, told = headers(answer)
        assert first == "HTTP/1.1 200 OK"
        assert told["ST"] == target
        assert told["LOCATION"] == DEVICE.location
        assert told["USN"] == (UUID if target == UUID else f"{UUID}::{target}")
        assert told["EXT"] == ""
        assert told["CACHE-CONTROL"] == "max-age=120"


def test_all_is_answered_with_every_name_and_others_with_none():
    told = [headers(answer)[1]["ST"] for answer in answers(Search("ssdp:all", 1), DEVICE, SERVER)]
    assert told == ["upnp:rootdevice", UUID, BASIC]
    assert answers(Search("urn:schemas-upnp-org:device:MediaServer:1", 1), DEVICE, SERVER) == []


def test_notices_say_who_comes_and_who_goes():
    for kind, word in ((Notice.ALIVE, "ssdp:alive"), (Notice.GONE, "ssdp:byebye")):
        told = [headers(notice) for notice in notices(DEVICE, kind, SERVER)]
        assert [first for first, _ in told] == ["NOTIFY * HTTP/1.1"] * 3
        assert [one["NT"] for _, one in told] == ["upnp:rootdevice", UUID, BASIC]
        for _, one in told:
            assert one["NTS"] == word
            assert one["HOST"] == "239.255.255.250:1900"
            assert one["USN"].startswith(UUID)
            assert (one.get("LOCATION") == DEVICE.location) is (kind is Notice.ALIVE)


@given(st.one_of(st.binary(max_size=400), st.binary(max_size=400).map(lambda rest: search("x")[:-4] + rest)))
def test_no_datagram_does_harm(datagram):
    found = parse_search(datagram)
    if found is not None:
        assert 0 <= found.within <= 5
        for answer in answers(found, DEVICE, SERVER):
            headers(answer)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1), st.integers(0, 10**6))
def test_what_is_asked_for_is_what_is_read(target, within):
    assert parse_search(search(target, mx=str(within))) == Search(target, min(int(str(within)[:4]), 5))
