"""Bank and tax numbers at rest: AES-256-GCM, bound to their place, and a blind index for equality.

A stored value is `key id | 12-byte nonce | ciphertext with tag`. The associated data names table,
column and row, so a ciphertext that is moved elsewhere does not decrypt (rule PAY-3). The keys are
those of `incentives_portal.core.keys`; `rotate_keys` brings every value under the newest.
"""

import hashlib
import hmac
import os
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from django.db import models

from incentives_portal.core import keys

NONCE_BYTES = 12


class CannotDecryptError(Exception):
    """The value was moved, altered, or its key is no longer in the ring. `place` says which one it is, and nothing of it."""

    def __init__(self, reason: str, *, place: str = "") -> None:
        super().__init__(reason)
        self.place = place


def encrypt(text: str, *, place: str) -> bytes:
    """Encrypts `text` for `place` (table/column/row) under the newest key of the ring."""
    ring = keys.ring()
    nonce = os.urandom(NONCE_BYTES)
    return ring.newest.encode() + b"|" + nonce + ring.ciphers[ring.newest].encrypt(nonce, text.encode(), place.encode())


def decrypt(stored: bytes, *, place: str) -> str:
    """The text that was encrypted for `place`. Raises CannotDecryptError."""
    cipher = keys.ring().ciphers.get(key_id_of(stored))
    if cipher is None:
        raise CannotDecryptError("the key of this value is not in the ring", place=place)
    rest = bytes(stored).partition(b"|")[2]
    try:
        return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], place.encode()).decode()
    except (InvalidTag, ValueError):
        raise CannotDecryptError("the value was altered, or belongs to another row", place=place) from None


def key_id_of(stored: bytes) -> str:
    """The id of the key that a stored value says it is encrypted under."""
    return bytes(stored[:40]).partition(b"|")[0].decode(errors="replace")


def blind_index(text: str, *, purpose: str) -> bytes:
    """A keyed fingerprint: equal texts of one purpose give equal bytes, and nothing else can be learned from it."""
    return blind_indexes(text, purpose=purpose)[0]


def blind_indexes(text: str, *, purpose: str) -> list[bytes]:
    """The fingerprints to look for, the newest key's first: more than one only while the key of the index is being changed."""
    return [hmac.new(key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest() for key in keys.index_keys()]


class Secret:
    """A text that shows itself only when asked: printing, logging or formatting it gives dots."""

    __slots__ = ("_place", "_stored", "_text")

    def __init__(self, text: str | None = None, *, stored: bytes | None = None, place: str = "") -> None:
        self._text, self._stored, self._place = text, stored, place

    def reveal(self) -> str:
        """The text itself. Raises CannotDecryptError."""
        if self._text is None:
            assert self._stored is not None
            self._text = decrypt(self._stored, place=self._place)
        return self._text

    def last(self, count: int = 4) -> str:
        """The last `count` characters behind dots; a text too short to be masked so gives dots alone."""
        text = self.reveal()
        return "•••• " + text[-count:] if len(text) > 2 * count else "••••"

    def __repr__(self) -> str:
        return "<Secret ••••>"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash(self.reveal())

    @classmethod
    def of(cls, value: "str | Secret") -> "Self | Secret":
        return value if isinstance(value, Secret) else cls(value)


class _SecretAttribute:
    """Turns the stored bytes into a `Secret` that knows which row it is read from."""

    def __init__(self, field: "EncryptedTextField") -> None:
        self.field = field

    def __get__(self, row: models.Model | None, owner: type[models.Model] | None = None) -> Any:
        if row is None:
            return self
        value = row.__dict__.get(self.field.attname)
        if isinstance(value, bytes | memoryview):
            value = Secret(stored=bytes(value), place=self.field.place(row))
            row.__dict__[self.field.attname] = value
        return value

    def __set__(self, row: models.Model, value: Any) -> None:
        row.__dict__[self.field.attname] = Secret.of(value) if isinstance(value, str) else value


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]
    """A text that is stored encrypted and read as a `Secret`. The row's primary key must be set before saving."""

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _SecretAttribute(self))

    def place(self, row: models.Model) -> str:
        """What the ciphertext is bound to: table, column and row."""
        return self.place_of(row.pk)

    def place_of(self, pk: Any) -> str:
        """The place of this column in the row `pk`."""
        return f"{self.model._meta.db_table}/{self.column}/{pk}"

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        value = getattr(model_instance, self.attname)
        if value is None:
            return None
        return encrypt(Secret.of(value).reveal(), place=self.place(model_instance))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, Secret | str):
            raise TypeError("an encrypted text is found by its blind index, and saved with its row")
        return super().get_db_prep_value(value, connection, prepared)
