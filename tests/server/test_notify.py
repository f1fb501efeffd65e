import os
import signal
import socket

from helpers_serve import PATIENCE, free_port, said, serving, wait_until
from mrdraw.server.notify import Notifier


def test_what_is_told(tmp_path):
    path = str(tmp_path / "notify")
    environment = {"NOTIFY_SOCKET": path, "OTHER": "1"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        notifier = Notifier(environment)
        assert environment == {"OTHER": "1"}
        notifier.ready("serving")
        notifier.stopping()
        assert manager.recv(1000) == b"READY=1\nSTATUS=serving"
        assert manager.recv(1000) == b"STOPPING=1"
    notifier.stopping()  # the manager is gone


def test_the_abstract_namespace_and_nobody():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0mrdraw-test-{os.getpid()}")
        Notifier({"NOTIFY_SOCKET": f"@mrdraw-test-{os.getpid()}"}).status("well")
        assert manager.recv(1000) == b"STATUS=well"
    Notifier({}).ready("nobody hears it")


def test_a_server_as_a_service(tmp_path):
    """It tells when it answers and when it stops, and logs for the journal; its machine host has none of that."""
    output = tmp_path / "output.txt"
    output.touch()
    stream = f"{output.stat().st_dev}:{output.stat().st_ino}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(PATIENCE)
        manager.bind(str(tmp_path / "notify"))
        port = free_port()
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "JOURNAL_STREAM": stream}
        with serving(tmp_path, port, "--host", "0.0.0.0", **environment) as process:
            told = manager.recv(1000).decode()
            assert told == (
                f"READY=1\nSTATUS=serving http://127.0.0.1:{port}, for this computer only until there is an admin"
            )
            wait_until(lambda: "the claim code for the first run is" in said(tmp_path))
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
            assert manager.recv(1000) == b"STOPPING=1"
    lines = said(tmp_path).splitlines()
    assert lines
    assert all(line.startswith(("<6>mrdraw.", "<4>mrdraw.")) for line in lines), lines
    assert any("opens by itself" in line for line in lines)
    assert "serving http" in (tmp_path / "logs" / "mrdraw.log").read_text(encoding="utf-8")
