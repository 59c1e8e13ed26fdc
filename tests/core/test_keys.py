"""The key ring: from the environment or a file, and what is said where it is no good (rule PAY-3)."""

import base64
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from incentives_portal.core import health, keys
from incentives_portal.core.secrets import CannotDecryptError, blind_index, blind_indexes, decrypt, encrypt

pytestmark = pytest.mark.rule("PAY-3")
ONE, TWO, THREE = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))


@pytest.fixture
def ring_file(tmp_path: Path, settings: Any) -> Path:
    path = tmp_path / "field_keys"
    path.write_text(f"# since May\n\nk2:{TWO}\nk1:{ONE}  # until May\n")
    path.chmod(0o640)
    settings.FIELD_KEYS, settings.FIELD_KEYS_FILE = "", str(path)
    return path


def replace(path: Path, text: str) -> None:
    """As Kubernetes does it: a new file in the place of the old one."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o640)
    os.replace(new, path)


def test_the_first_key_encrypts_and_every_key_decrypts(settings: Any) -> None:
    settings.FIELD_KEYS = f"k1:{ONE}"
    old = encrypt("SE45", place="here")
    settings.FIELD_KEYS = f"k2:{TWO}, k1:{ONE}"
    new = encrypt("SE45", place="here")
    assert (old[:3], new[:3]) == (b"k1|", b"k2|")
    assert decrypt(old, place="here") == decrypt(new, place="here") == "SE45"
    settings.FIELD_KEYS = f"k2:{TWO}"
    with pytest.raises(CannotDecryptError):
        decrypt(old, place="here")


def test_a_file_takes_the_place_of_the_variable_and_is_read_again_when_it_changes(ring_file: Path) -> None:
    assert list(keys.ring().ciphers) == ["k2", "k1"]
    replace(ring_file, f"k3:{THREE}\nk2:{TWO}\n")
    assert keys.ring().newest == "k3"
    assert list(keys.ring().ciphers) == ["k3", "k2"]


@pytest.mark.django_db
def test_a_running_process_keeps_its_keys_where_the_new_file_is_no_good(ring_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    stored = encrypt("SE45", place="here")
    replace(ring_file, "k3:nonsense!")
    with caplog.at_level(logging.ERROR):
        assert decrypt(stored, place="here") == "SE45"
    assert "the key k3 is not base64" in caplog.text
    assert "goes on with the keys that it has" in caplog.text
    caplog.clear()
    keys.ring()
    assert not caplog.text, "said once, not at every value"
    assert health.report()["checks"]["keys"]["ok"] is False
    ring_file.unlink()
    assert decrypt(stored, place="here") == "SE45"
    assert [fault.id for fault in keys.keys_are_well(None)] == ["portal.E010"]


def test_a_file_that_everybody_can_read_is_refused_in_production(ring_file: Path, settings: Any) -> None:
    ring_file.chmod(0o644)
    assert keys.ring().newest == "k2", "throw-away settings don't ask"
    settings.THROW_AWAY = False
    with pytest.raises(ImproperlyConfigured, match=r"everybody on this machine can read .*field_keys; close it \(chmod 640"):
        keys._KeyFile("FIELD_KEYS_FILE", keys._ring_of).read(str(ring_file))


def test_a_file_that_is_not_there_is_named(settings: Any, tmp_path: Path) -> None:
    settings.FIELD_KEYS_FILE = str(tmp_path / "gone")
    with pytest.raises(ImproperlyConfigured, match=r"FIELD_KEYS_FILE: .*gone can't be read \(FileNotFoundError\)"):
        keys.ring()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no key"),
        (" , ", "holds no key"),
        (ONE, "entry 1 wants an id"),
        (f":{ONE}", "entry 1 wants an id"),
        (f"k1:{ONE},a|b:{TWO}", "entry 2 wants an id"),
        (f"{'k' * 21}:{ONE}", "entry 1 wants an id"),
        (f"k1:{ONE},k1:{TWO}", "two keys are called k1"),
        ("k1:not base64!", "the key k1 is not base64"),
        (f"k1:{ONE[:-1]}", "the key k1 is not base64"),
        (f"k1:{base64.b64encode(b'x' * 16).decode()}", "the key k1 has 16 bytes instead of 32"),
        (f"k1:{base64.b64encode(b'x' * 33).decode()}", "the key k1 has 33 bytes instead of 32"),
    ],
)
def test_every_mistake_in_the_ring_has_its_words_an_example_and_no_key(settings: Any, text: str, says: str) -> None:
    settings.FIELD_KEYS = text
    with pytest.raises(ImproperlyConfigured, match=r"FIELD_KEYS.*for example k1:\$\(openssl rand -base64 32\)") as refused:
        keys.ring()
    assert says in str(refused.value)
    assert ONE not in str(refused.value) and TWO not in str(refused.value)
    assert [fault.msg for fault in keys.keys_are_well(None)] == [str(refused.value)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no key"),
        ("!", "key 1 is not base64"),
        (f"{ONE},{base64.b64encode(b'short').decode()}", "key 2 has 5 bytes"),
        (f"{ONE},{ONE}", "the same key twice"),
    ],
)
def test_so_has_every_mistake_in_the_key_of_the_index(settings: Any, text: str, says: str) -> None:
    settings.BLIND_INDEX_KEY = text
    with pytest.raises(ImproperlyConfigured, match="BLIND_INDEX_KEY") as refused:
        blind_index("SE45", purpose="payout")
    assert says in str(refused.value)


def test_while_the_key_of_the_index_changes_both_fingerprints_are_looked_for(settings: Any, tmp_path: Path) -> None:
    settings.BLIND_INDEX_KEY = ONE
    before = blind_index("SE45", purpose="payout")
    path = tmp_path / "index_key"
    path.write_text(f"{TWO}\n{ONE}\n")
    settings.BLIND_INDEX_KEY, settings.BLIND_INDEX_KEY_FILE = "", str(path)
    assert blind_indexes("SE45", purpose="payout")[1] == before != blind_index("SE45", purpose="payout")


@pytest.mark.parametrize("stored", [b"", b"k1", b"k1|", b"k1|short", b"\xff\xfe|nonsense", b"k9|" + b"x" * 40, b"k1|" + b"x" * 40])
def test_whatever_is_no_value_of_ours_is_refused_and_named_by_its_place(settings: Any, stored: bytes) -> None:
    settings.FIELD_KEYS = f"k1:{ONE}"
    with pytest.raises(CannotDecryptError) as refused:
        decrypt(stored, place="table/column/row")
    assert refused.value.place == "table/column/row"
