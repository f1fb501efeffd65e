"""The key file: made once, for its owner only."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from mrdraw.accounts.secrets import SecretKey, digest_of, new_key
from mrdraw.errors import MrDrawError


def test_the_key_file_is_its_owners_only(tmp_path):
    before = os.umask(0)
    try:
        SecretKey(tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.key"]


def test_a_key_file_that_others_could_read_is_closed_to_them(tmp_path):
    SecretKey(tmp_path)
    (tmp_path / "secret.key").chmod(0o644)
    SecretKey(tmp_path)
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_file_is_told_and_kept(tmp_path):
    (tmp_path / "secret.key").write_bytes(b"short")
    with pytest.raises(MrDrawError, match="damaged"):
        SecretKey(tmp_path)
    assert (tmp_path / "secret.key").read_bytes() == b"short"


def test_whoever_comes_at_once_gets_the_same_key(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: SecretKey(tmp_path), range(16)))
    assert len({secret.derive("a", "b") for secret in made}) == 1


def test_what_is_encrypted_is_had_again_with_the_same_file_only(tmp_path):
    (tmp_path / "other").mkdir()
    secret, other = SecretKey(tmp_path), SecretKey(tmp_path / "other")
    encrypted = secret.encrypt("ключ")
    assert SecretKey(tmp_path).decrypt(encrypted) == "ключ"
    assert encrypted != secret.encrypt("ключ")
    assert other.decrypt(encrypted) is None
    assert secret.decrypt(encrypted[:-1] + bytes([encrypted[-1] ^ 1])) is None
    assert secret.decrypt(b"") is None


def test_derived_tokens_differ_by_purpose_and_text(tmp_path):
    secret = SecretKey(tmp_path)
    derived = {secret.derive(purpose, text) for purpose in ("csrf", "session") for text in ("a", "b", "\udc80")}
    assert len(derived) == 6


def test_keys():
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", key) for key in keys)
    assert digest_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
