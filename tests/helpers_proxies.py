"""MrDraw behind Debian's nginx and Caddy: TLS by a certificate authority of the test's own, and a path before ours.

The configurations are those of `docs/proxies.md`, taken from there; only names, ports and files are exchanged.
"""

import contextlib
import datetime as dt
import getpass
import ipaddress
import os
import re
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from helpers_clients import Simulated
from helpers_serve import answers, free_port, wait_until

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "proxies.md"
PREFIX = "/mrdraw"
WAYS = [
    "direct", pytest.param("nginx", marks=pytest.mark.slow), pytest.param("caddy", marks=pytest.mark.slow)
]  # fmt: skip
"""How the clients of a test reach the server."""
PROXIES = ("nginx", "caddy")
STRIPPING = {
    "nginx": ("proxy_pass http://mrdraw/;", "proxy_pass http://mrdraw;"),
    "caddy": (f"handle_path {PREFIX}/*", f"handle {PREFIX}/*"),
}
"""What takes the prefix off, and what passes it on."""
AT_ROOT = {
    "nginx": (
        (f"    location = {PREFIX} {{\n        return 308 $scheme://$http_host{PREFIX}/;\n    }}\n\n", ""),
        (f"location {PREFIX}/", "location /"),
        (f"        proxy_set_header X-Forwarded-Prefix {PREFIX};\n", ""),
    ),
    "caddy": (
        (f"\tredir {PREFIX} {PREFIX}/ 308\n", ""),
        (f"handle_path {PREFIX}/*", "handle"),
        (f"\t\t\theader_up X-Forwarded-Prefix {PREFIX}\n", ""),
    ),
}
"""What makes a prefix of no path, for a name of its own and for clients that know no prefix."""
NGINX_AROUND = """\
daemon off;
user {user};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/mrdraw.conf;
}}
"""
CADDY_AROUND = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tgrace_period 1s\n}\n"


@dataclass(frozen=True)
class Certificates:
    """The certificate of `localhost`, and the authority that signed it."""

    authority: Path
    certificate: Path
    key: Path


def certificates(folder):
    """Make them."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _signed("The test's own authority", root_key, root_key, is_authority=True)
    made = _signed("localhost", key, root_key, issuer=root.subject)
    found = Certificates(folder / "authority.pem", folder / "localhost.pem", folder / "localhost.key")
    found.authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    found.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    found.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return found


def _signed(name, key, signer, *, issuer=None, is_authority=False):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if not is_authority:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def configuration(kind):
    """The configuration of this proxy, as the manual has it."""
    language = {"nginx": "nginx", "caddy": "caddyfile"}[kind]
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return found


def exchanged(text, pairs):
    """The text with these exchanged, each of which has to stand there."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, str(new))
    return text


def _written(kind, folder, port, pairs):
    """Write the configuration; the command that runs it."""
    if kind == "nginx":
        pairs = [*pairs, ("listen 443", f"listen 127.0.0.1:{port}"), ("printer.example", "localhost")]
        (folder / "mrdraw.conf").write_text(exchanged(configuration(kind), pairs), encoding="utf-8")
        around = folder / "nginx.conf"
        around.write_text(NGINX_AROUND.format(folder=folder, user=getpass.getuser()), encoding="utf-8")
        return [_program("nginx"), "-p", folder, "-c", around, "-e", folder / "error.log"]
    pairs = [*pairs, ("https://printer.example", f"https://localhost:{port}")]
    written = folder / "Caddyfile"
    written.write_text(CADDY_AROUND + exchanged(configuration(kind), pairs), encoding="utf-8")
    return [_program("caddy"), "run", "--config", written, "--adapter", "caddyfile"]


def _program(name):
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"These tests need Debian's package {name}. As root: apt install {name}"
    return found


@contextlib.contextmanager
def proxy(kind, folder, server, made, changes=()):
    """Run a proxy before the server at this port; the port of the proxy."""
    folder.mkdir(parents=True)
    port = free_port()
    pairs = [("127.0.0.1:5000", f"127.0.0.1:{server}"), ("/etc/ssl/mrdraw.pem", made.certificate)]
    command = _written(kind, folder, port, [*pairs, ("/etc/ssl/mrdraw.key", made.key), *changes])
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen([*map(str, command)], stdout=output, stderr=output, env={**os.environ, **home})
    try:
        wait_until(lambda: answers("127.0.0.1", port) or process.poll() is not None)
        assert process.poll() is None, (folder / "output.txt").read_text(encoding="utf-8")
        yield port
    finally:
        process.terminate()
        process.wait(30)


class Proxied(Simulated):
    """A served machine as clients reach it behind a proxy; what it says of itself is asked directly."""

    def __init__(self, served, port, authority, prefix):
        super().__init__(served.folder, served.port, served.key, served.process)
        self.host, self.client_port, self.prefix, self.authority = "localhost", port, prefix, authority

    def context(self):
        """How a program of Python's own trusts the certificate."""
        return ssl.create_default_context(cafile=self.authority)


@contextlib.contextmanager
def reached(way, served, folder, *, stripping=None, prefix=PREFIX):
    """The served machine, reached this way; without a word nginx takes the prefix off and Caddy passes it on."""
    if way == "direct":
        yield served
        return
    folder.mkdir(parents=True, exist_ok=True)
    made = certificates(folder)
    stripping = way == "nginx" if stripping is None else stripping
    changes = ([] if stripping else [STRIPPING[way]]) if prefix else AT_ROOT[way]
    with proxy(way, folder / "proxy", served.port, made, changes) as port:
        yield Proxied(served, port, made.authority, prefix)
