"""The settings: defaults, the file as a person wrote it, files that are torn, and changes."""

import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.errors import InvalidValue, SettingsUnreadable
from mrdraw.settings import Settings, settings

WRITTEN = """\
# our printer
server:
  port: 5055  # behind the proxy
serial:
  port: /dev/ttyUSB7
  baudrate: 250000
  additionalPorts: ["/tmp/tty*"]
madeUp:
  key: 1
"""


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch):
    monkeypatch.setattr(settings, "LOOK_EVERY", 0.0)


def test_defaults_without_a_file(tmp_path):
    tree = Settings(tmp_path).current()
    assert (tree.server.host, tree.server.port) == ("127.0.0.1", 5000)
    assert list(tree.machines) == ["default"]
    assert tree.machines["default"].serial.port is None
    assert not (tmp_path / "config.yaml").exists()


def test_a_file_of_a_person(tmp_path):
    (tmp_path / "config.yaml").write_text(WRITTEN, encoding="utf-8")
    read = Settings(tmp_path)
    serial = read.current().machines["default"].serial
    assert (serial.port, serial.baudrate, serial.additional_ports) == ("/dev/ttyUSB7", 250000, ("/tmp/tty*",))
    assert read.current().server.port == 5055
    assert read.unknown_keys() == ["madeUp"]


def test_a_machine_section_outranks_the_top_level(tmp_path):
    text = (
        "serial: {port: /dev/a, baudrate: 9600}\nmachines: {default: {serial: {port: /dev/b}}, second: {name: Pen}}\n"
    )
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    machines = Settings(tmp_path).current().machines
    assert (machines["default"].serial.port, machines["default"].serial.baudrate) == ("/dev/b", 9600)
    assert machines["second"].name == "Pen"


def test_scripts_where_octoprint_has_them(tmp_path):
    text = "scripts:\n  gcode:\n    afterPrintDone: M300\n    snippets: {park: G28 X}\n"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    scripts = Settings(tmp_path).current().machines["default"].scripts
    assert scripts == {"afterPrintDone": "M300", "snippets/park": "G28 X"}


def test_a_change_keeps_comments_and_unknown_members(tmp_path):
    (tmp_path / "config.yaml").write_text(WRITTEN, encoding="utf-8")
    changed = Settings(tmp_path)
    changed.update({"machines": {"default": {"serial": {"port": "/dev/ttyACM0"}}}})
    text = (tmp_path / "config.yaml").read_text(encoding="utf-8")
    assert "# our printer" in text
    assert "# behind the proxy" in text
    assert "madeUp" in text
    assert changed.current().machines["default"].serial.port == "/dev/ttyACM0"
    assert Settings(tmp_path).current() == changed.current()


def test_a_change_of_somebody_else_is_seen(tmp_path):
    watching = Settings(tmp_path)
    (tmp_path / "config.yaml").write_text("server: {port: 5001}\n", encoding="utf-8")
    assert watching.current().server.port == 5001


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"server": {"port": 0}}, "server.port"),
        ({"server": {"port": "many"}}, "server.port"),
        ({"machines": {"default": {"safety": {"unattendedMinutes": -1}}}}, "unattendedMinutes"),
        ({"machines": {"default": {"serial": {"linesInFlight": 33}}}}, "linesInFlight"),
        ({"machines": {"default": {"serial": {"rxBuffer": -1}}}}, "rxBuffer"),
        ({"api": {"anonymousStatus": 200}}, "api.anonymousStatus"),
    ],
)
def test_a_refused_change_changes_nothing(tmp_path, changes, named):
    (tmp_path / "config.yaml").write_text(WRITTEN, encoding="utf-8")
    refusing = Settings(tmp_path)
    before = refusing.current()
    with pytest.raises(InvalidValue, match=named):
        refusing.update({"appearance": {"name": "half"}, **changes})
    assert (tmp_path / "config.yaml").read_text(encoding="utf-8") == WRITTEN
    assert refusing.current() == before


@pytest.mark.parametrize("torn", [WRITTEN[:60] + "\x00\x00", "server: [", "- a list", "server: {port: 70000}\n"])
def test_a_torn_file_leaves_the_last_good_tree_in_force(tmp_path, torn):
    (tmp_path / "config.yaml").write_text(WRITTEN, encoding="utf-8")
    watching = Settings(tmp_path)
    (tmp_path / "config.yaml").write_text(torn, encoding="utf-8")
    assert watching.current().server.port == 5055
    assert watching.notice is not None
    with pytest.raises(SettingsUnreadable, match="Mend the file"):
        watching.update({"server": {"port": 1}})
    started_later = Settings(tmp_path)
    assert started_later.current().server.port == 5055
    assert started_later.notice is not None
    assert (tmp_path / "config.yaml").read_text(encoding="utf-8") == torn


def test_a_mended_file_is_in_force_again(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("server: [", encoding="utf-8")
    watching = Settings(tmp_path)
    assert watching.notice is not None
    assert watching.current().server.port == 5000
    path.write_text(WRITTEN, encoding="utf-8")
    assert watching.current().server.port == 5055
    assert watching.notice is None


def test_a_torn_file_and_a_torn_copy_leave_the_defaults(tmp_path):
    (tmp_path / "config.yaml").write_text("server: [", encoding="utf-8")
    (tmp_path / "config.yaml.last-good").write_text("server: [", encoding="utf-8")
    assert Settings(tmp_path).current() == Settings(tmp_path / "elsewhere").current()


def test_a_file_that_is_emptied_is_not_believed_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "EMPTY_AFTER", 3600.0)
    path = tmp_path / "config.yaml"
    path.write_text(WRITTEN, encoding="utf-8")
    watching = Settings(tmp_path)
    path.write_text("", encoding="utf-8")
    assert watching.current().server.port == 5055
    with pytest.raises(SettingsUnreadable, match="Try again"):
        watching.update({"server": {"port": 1}})
    path.unlink()
    assert watching.current().server.port == 5055
    path.write_text("server: {port: 5056}", encoding="utf-8")
    assert watching.current().server.port == 5056
    path.unlink()
    monkeypatch.setattr(settings, "EMPTY_AFTER", 0.0)
    assert watching.current().server.port == 5000


def test_the_tree_stays_the_same_object_while_nothing_changes(tmp_path):
    (tmp_path / "config.yaml").write_text(WRITTEN, encoding="utf-8")
    watching = Settings(tmp_path)
    assert watching.current() is watching.current()


def test_asking_does_not_wait_for_a_change_under_way(tmp_path, monkeypatch):
    under_way, go_on = threading.Event(), threading.Event()
    write = settings.document.write_whole

    def slow(path, text):
        under_way.set()
        assert go_on.wait(60)
        write(path, text)

    changing = Settings(tmp_path)
    monkeypatch.setattr(settings.document, "write_whole", slow)
    thread = threading.Thread(target=changing.update, args=({"server": {"port": 5001}},))
    thread.start()
    assert under_way.wait(60)
    assert changing.current().server.port == 5000
    go_on.set()
    thread.join()
    assert changing.current().server.port == 5001


def test_a_change_returns_what_is_in_force_from_then_on(tmp_path):
    changing = Settings(tmp_path)
    after = changing.update({"serial": {"port": "/dev/x"}, "api": {"key": "chosen"}})
    assert changing.current() == after == Settings(tmp_path).current()
    assert after.machines["default"].serial.port == "/dev/x"
    assert changing.update({"api": {"key": None}}).api.key is None


CHANGER = """
import sys
from pathlib import Path
from mrdraw.settings import Settings

changing = Settings(Path(sys.argv[1]))
sys.stdin.read()  # the start, for all at once
for number in range(10):
    changing.update({"plugins": {f"{sys.argv[2]}-{number}": {}}})
"""


def test_processes_that_change_at_once_lose_nothing(tmp_path):
    (tmp_path / "config.yaml").write_text(WRITTEN, encoding="utf-8")
    command = [sys.executable, "-c", CHANGER, tmp_path]
    processes = [subprocess.Popen([*command, str(name)], stdin=subprocess.PIPE) for name in range(3)]
    for process in processes:
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert len(Settings(tmp_path).current().plugins) == 30
    assert "# behind the proxy" in (tmp_path / "config.yaml").read_text(encoding="utf-8")


def test_the_yaml_library_is_loaded_only_for_a_file(tmp_path):
    code = "import sys; from pathlib import Path; from mrdraw.settings import Settings; Settings(Path(sys.argv[1])); "
    code += "print('ruamel.yaml' in sys.modules)"
    for expected in ("False\n", "True\n"):
        said = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
        assert said.stdout == expected
        (tmp_path / "config.yaml").write_text(WRITTEN, encoding="utf-8")


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-10, 70000), st.text(max_size=8), st.lists(st.integers()))
NAMES = st.sampled_from(
    ["server", "port", "host", "api", "key", "serial", "baudrate", "machines", "default", "scripts", "x", "uploads"]
)
TREES = st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=4), max_leaves=8)


@given(st.dictionaries(NAMES, TREES, max_size=4))
def test_any_tree_is_taken_whole_or_refused_whole(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("settings")
    (folder / "config.yaml").write_text(WRITTEN, encoding="utf-8")
    changing = Settings(folder)
    before = changing.current()
    try:
        after = changing.update(changes)
    except InvalidValue:
        assert (folder / "config.yaml").read_text(encoding="utf-8") == WRITTEN
        assert changing.current() == before
    else:
        assert Settings(folder).current() == after
        assert "# our printer" in (folder / "config.yaml").read_text(encoding="utf-8")
