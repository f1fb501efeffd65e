import ssl

import pytest
from cryptography.hazmat.primitives import serialization

from mrdraw.cli import certificate
from mrdraw.server.tls import TlsUnusable, context_of
from mrdraw.settings.computer import TlsTree


@pytest.fixture(scope="module")
def pair():
    return certificate.make(["localhost"], 30)


@pytest.fixture
def base(tmp_path, pair):
    certificate.write(tmp_path / "cert.pem", pair[0], 0o644)
    certificate.write(tmp_path / "key.pem", pair[1], 0o600)
    return tmp_path


def test_none():
    assert context_of(TlsTree(), None) is None


def test_both(base):
    context = context_of(TlsTree(cert="cert.pem", key=str(base / "key.pem")), base)
    assert context.protocol is ssl.PROTOCOL_TLS_SERVER
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("cert", "key", "said"),
    [
        ("cert.pem", None, r"server\.tls\.cert is set and server\.tls\.key is not"),
        (None, "key.pem", r"server\.tls\.key is set and server\.tls\.cert is not"),
        ("none.pem", "key.pem", r"server\.tls\.cert: .*none\.pem cannot be read: No such file"),
        ("cert.pem", ".", r"server\.tls\.key: .* cannot be read: Is a directory"),
        ("cert.pem", "other.pem", r"The key .*other\.pem is not that of the certificate"),
        ("key.pem", "key.pem", "are no certificate with its key in PEM"),
        ("cert.pem", "cert.pem", "are no certificate with its key in PEM"),
        ("empty.pem", "key.pem", "are no certificate with its key in PEM"),
        ("cert.pem", "locked.pem", "protected by a password"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(base, cert, key, said):
    (base / "empty.pem").touch()
    (base / "other.pem").write_bytes(certificate.make(["localhost"], 30)[1])
    (base / "locked.pem").write_bytes(locked((base / "key.pem").read_bytes()))
    with pytest.raises(TlsUnusable, match=said) as refused:
        context_of(TlsTree(cert=cert, key=key), base)
    assert "\n" not in str(refused.value)


def locked(key):
    return serialization.load_pem_private_key(key, None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
