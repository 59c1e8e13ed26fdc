"""The keys that encrypt bank and tax numbers, from the environment or from a file beside it (rule PAY-3).

FIELD_KEYS is a ring of `id:base64 of 32 bytes`: the first key encrypts, every one decrypts, which is what makes rotation possible.
FIELD_KEYS_FILE names a file with one of them on each line instead, as container platforms hand secrets over. A running process
reads a file anew when it changes, and keeps the ring that it has where the new one is no good; a changed environment needs a restart.

BLIND_INDEX_KEY (or BLIND_INDEX_KEY_FILE) is a key for fingerprints, followed by the one before it while a change is under way.
No message ever quotes a key.
"""

import base64
import binascii
import logging
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

log = logging.getLogger(__name__)

T = TypeVar("T")
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,20}")
KEY_BYTES = 32
EXAMPLE = "for example k1:$(openssl rand -base64 32)"
INDEX_EXAMPLE = "for example $(openssl rand -base64 32)"


@dataclass(frozen=True, slots=True)
class Ring:
    """Keys by their ids, the newest first."""

    ciphers: Mapping[str, AESGCM]

    @property
    def newest(self) -> str:
        return next(iter(self.ciphers))


def ring() -> Ring:
    """The key ring as it stands now. Raises ImproperlyConfigured."""
    if settings.FIELD_KEYS_FILE:
        return _field_keys_file.read(settings.FIELD_KEYS_FILE)
    return _ring_of(settings.FIELD_KEYS, "FIELD_KEYS")


def index_keys() -> tuple[bytes, ...]:
    """The keys of the blind index, the newest first. Raises ImproperlyConfigured."""
    if settings.BLIND_INDEX_KEY_FILE:
        return _index_key_file.read(settings.BLIND_INDEX_KEY_FILE)
    return _index_keys_of(settings.BLIND_INDEX_KEY, "BLIND_INDEX_KEY")


def faults() -> list[str]:
    """What is wrong with the keys as they are configured at this moment, in words."""
    found = []
    # A process that runs goes on with the ring that it has; this asks whether the next one could start.
    for name, of in (("FIELD_KEYS", _ring_of), ("BLIND_INDEX_KEY", _index_keys_of)):
        path = getattr(settings, f"{name}_FILE")
        try:
            of(_text_of(Path(path), f"{name}_FILE") if path else getattr(settings, name), f"{name}_FILE" if path else name)
        except ImproperlyConfigured as fault:
            found.append(str(fault))
    return found


@lru_cache(maxsize=8)
def _ring_of(text: str, source: str) -> Ring:
    ciphers: dict[str, AESGCM] = {}
    for position, entry in enumerate(_entries(text), start=1):
        key_id, colon, key = entry.partition(":")
        key_id = key_id.strip()
        if not colon or not KEY_ID.fullmatch(key_id):
            what = "wants an id of up to 20 letters, digits, dots, dashes or underscores, a colon, and the key"
            raise ImproperlyConfigured(f"{source}: entry {position} {what}, {EXAMPLE}")
        if key_id in ciphers:
            raise ImproperlyConfigured(f"{source}: two keys are called {key_id}; give each an id of its own, {EXAMPLE}")
        ciphers[key_id] = AESGCM(_key(key, f"{source}: the key {key_id}", EXAMPLE))
    if not ciphers:
        raise ImproperlyConfigured(f"{source} holds no key; {EXAMPLE}")
    return Ring(ciphers)


@lru_cache(maxsize=8)
def _index_keys_of(text: str, source: str) -> tuple[bytes, ...]:
    keys = tuple(_key(key, f"{source}: key {at}", INDEX_EXAMPLE, longer=True) for at, key in enumerate(_entries(text), start=1))
    if not keys:
        raise ImproperlyConfigured(f"{source} holds no key; {INDEX_EXAMPLE}")
    if len(set(keys)) < len(keys):
        raise ImproperlyConfigured(f"{source} holds the same key twice; the new one stands first, the one before it second")
    return keys


def _entries(text: str) -> list[str]:
    """What stands between commas or on lines of its own; from `#` on a line is a comment."""
    lines = (line.partition("#")[0] for line in text.splitlines())
    return [entry.strip() for line in lines for entry in line.split(",") if entry.strip()]


def _key(text: str, what: str, example: str, *, longer: bool = False) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ImproperlyConfigured(f"{what} is not base64; {example}") from None
    if len(key) < KEY_BYTES or (len(key) > KEY_BYTES and not longer):
        raise ImproperlyConfigured(f"{what} has {len(key)} bytes instead of {KEY_BYTES}; {example}")
    return key


def _text_of(path: Path, source: str) -> str:
    """What the file holds. Raises ImproperlyConfigured where it can't be read, or where everybody could read it."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{source}: {path} can't be read ({type(error).__name__})") from None
    if mode & stat.S_IROTH and not settings.THROW_AWAY:
        how = "chmod 640, or in Kubernetes defaultMode: 0440 with an fsGroup, or in Docker Swarm mode: 0440"
        raise ImproperlyConfigured(f"{source}: everybody on this machine can read {path}; close it ({how})")
    return text


class _KeyFile(Generic[T]):
    """A file of keys that is read again when it changes, and never swapped for one that is no good."""

    def __init__(self, source: str, of: Callable[[str, str], T]) -> None:
        self._source, self._of = source, of
        self._seen: tuple[Any, ...] = ()
        self._good: tuple[str, T] | None = None

    def read(self, name: str) -> T:
        """The keys of the file `name`. Raises ImproperlyConfigured where there never were good ones."""
        seen = (name, *_signature(Path(name)))
        if self._good and self._good[0] == name and seen == self._seen:
            return self._good[1]
        try:
            keys = self._of(_text_of(Path(name), self._source), self._source)
        except ImproperlyConfigured as fault:
            if not self._good or self._good[0] != name:
                raise
            log.error("%s; this process goes on with the keys that it has", fault)
            keys = self._good[1]
        self._good, self._seen = (name, keys), seen
        return keys


def _signature(path: Path) -> tuple[int, ...]:
    """What changes when a file does, replaced links included."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_ino, found.st_size, found.st_mode)


_field_keys_file = _KeyFile("FIELD_KEYS_FILE", _ring_of)
_index_key_file = _KeyFile("BLIND_INDEX_KEY_FILE", _index_keys_of)


@register()
def keys_are_well(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether numbers can be encrypted at all is known before anybody types one."""
    return [Error(fault, id="portal.E010") for fault in faults()]
