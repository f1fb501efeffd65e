"""Random parts of the settings: what is refused changes nothing, what is accepted is read back (contract, 15.19)."""

import asyncio
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers_hub import world
from mrdraw.settings import MachineTree, SettingsTree

PATH = "/api/settings"
COMMENT = "# the owner's own words\n"
OTHERWISE = ("machines", "defaultMachine", "plugins", "profile", "safety", "scripts", "name", "controls")
"""What is no section of the API, or has a strategy of its own."""

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
)  # fmt: skip
NAMES = st.text(max_size=8)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=5
)


def right(info):
    """Values that a kind, as msgspec describes it, accepts."""
    inspect = msgspec.inspect
    if isinstance(info, inspect.UnionType):
        return st.one_of(*map(right, info.types))
    if isinstance(info, inspect.VarTupleType):
        return st.lists(right(info.item_type), max_size=3)
    if isinstance(info, inspect.DictType):
        return st.dictionaries(NAMES, ANYTHING, max_size=2)
    if isinstance(info, inspect.LiteralType):
        return st.sampled_from(info.values)
    if isinstance(info, inspect.IntType):
        return st.integers(-(2**53) if info.ge is None else info.ge, 2**53 if info.le is None else info.le)
    if isinstance(info, inspect.FloatType):
        low = info.ge if info.gt is None else info.gt
        return st.floats(low, info.le, exclude_min=info.gt is not None)
    if isinstance(info, inspect.StrType):
        return st.from_regex(info.pattern) if info.pattern else st.text(min_size=info.min_length or 0, max_size=20)
    if isinstance(info, inspect.StructType):
        return part(info, right)
    return {inspect.BoolType: st.booleans(), inspect.NoneType: st.none()}.get(type(info), ANYTHING)


def part(info, kind):
    """A section with some of its members, and all that have to be there."""
    needed = {field.encode_name: kind(field.type) for field in info.fields if field.required}
    others = {field.encode_name: kind(field.type) for field in info.fields if not field.required}
    chosen = st.sets(st.sampled_from(sorted(others)), max_size=3) if others else st.just(set())
    return chosen.flatmap(lambda names: st.fixed_dictionaries(needed | {name: others[name] for name in names}))


def mostly_right(info):
    """Values that a kind accepts, and now and then something else."""
    if isinstance(info, msgspec.inspect.StructType):
        return st.one_of(part(info, mostly_right), part(info, right), st.dictionaries(NAMES, ANYTHING, max_size=2))
    return st.one_of(*[right(info)] * 6, ANYTHING)


def trees():
    """Parts of the whole tree, about half of them right."""
    known = {
        field.encode_name: mostly_right(field.type)
        for shape in (SettingsTree, MachineTree)
        for field in msgspec.inspect.type_info(shape).fields
        if field.encode_name not in OTHERWISE
    }
    known["plugins"] = st.dictionaries(NAMES, st.dictionaries(NAMES, ANYTHING, max_size=2), max_size=2)
    known["scripts"] = st.fixed_dictionaries({"gcode": st.dictionaries(NAMES, st.text(max_size=30), max_size=2)})
    controls = st.fixed_dictionaries({"name": st.text(min_size=1, max_size=8), "command": st.just("M106")})
    known["controls"] = st.lists(controls, max_size=2) | ANYTHING
    known["unheardOf"] = ANYTHING
    chosen = st.sets(st.sampled_from(sorted(known)), min_size=1, max_size=3)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({name: known[name] for name in names}))


def unread(sent, shown, ignored, place=""):
    """The places at which something else is read than was sent; `null` is the default, no member says nothing."""
    if (place and place in ignored) or sent is None:
        return []
    shown = {} if isinstance(sent, dict) and shown is None else shown
    if isinstance(sent, dict) and isinstance(shown, dict):
        places = [(name, f"{place}.{name}" if place else name) for name in sent]
        return [found for name, at in places for found in unread(sent[name], shown.get(name), ignored, at)]
    if isinstance(sent, list) and isinstance(shown, list) and len(sent) == len(shown):
        pairs = enumerate(zip(sent, shown, strict=True))
        return [found for index, (one, other) in pairs for found in unread(one, other, ignored, f"{place}[{index}]")]
    if sent in ("", []) and shown is None and place.endswith("Command"):
        return []  # no program
    return [] if sent == shown else [(place, sent, shown)]


async def try_out(client, file, tree):
    """Send one tree and check what became of it; the status."""
    before, content = (await client.get(PATH)).content, file.read_bytes()
    answer = await client.post(PATH, json=tree)
    after = await client.get(PATH)
    assert answer.status_code in {200, 400, 403}, answer.text
    if answer.status_code != 200:
        assert (after.content, file.read_bytes()) == (before, content)
        assert answer.json()["error"]
        return answer.status_code
    assert answer.content == after.content
    ignored = set(map(unquote, answer.headers.get("X-Ignored-Settings", "").split(", ")))
    assert unread(tree, after.json(), ignored) == []
    assert file.read_text(encoding="utf-8").startswith(COMMENT)
    return 200


def check(tmp_path, examples):
    statuses = []

    async def serve(use):
        async with world(tmp_path) as made, made.client(made.key("boss")) as client:
            file = tmp_path / "config.yaml"
            file.write_text(f"{COMMENT}appearance:\n  name: Mill  # what it is\n", encoding="utf-8")
            made.services.settings.update({"appearance": {"color": "red"}})
            await use(client, file)

    with asyncio.Runner() as runner:

        async def try_all(client, file):
            loop = asyncio.get_running_loop()
            await asyncio.to_thread(draw, lambda tree: asyncio.run_coroutine_threadsafe(
                try_out(client, file, tree), loop
            ).result(30))  # fmt: skip

        def draw(send):
            @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
            @given(tree=trees())
            def one(tree):
                statuses.append(send(tree))

            one()

        runner.run(serve(try_all))
    return statuses


def test_random_parts(tmp_path):
    assert 200 in check(tmp_path, 40)


@pytest.mark.slow
def test_a_thousand_random_parts(tmp_path):
    statuses = check(tmp_path, 1000)
    assert min(statuses.count(200), statuses.count(400)) > 100
