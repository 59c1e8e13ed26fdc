"""What a seal says: a keyed digest over the digest before it and the entry's every column.

The key is stored encrypted under FIELD_KEYS, so who owns the database and not those can recompute no digest.
"""

import base64
import datetime as dt
import hmac
import json
import os
from dataclasses import dataclass
from typing import Any

from django.db import models

from incentives_portal.core.models import AuditEntry, AuditKey
from incentives_portal.core.secrets import CannotDecryptError

BEGINNING = bytes(32)
_FIELDS = AuditEntry._meta.concrete_fields
COLUMNS = tuple(field.column for field in _FIELDS)
# JSON is read as PostgreSQL prints it, so that no number of it is rounded on the way.
SELECTED = ", ".join(f"e.{field.column}{'::text' if isinstance(field, models.JSONField) else ''}" for field in _FIELDS)


class NoKeyError(Exception):
    """The key of the chain is gone, was altered, or can't be decrypted under the keys of FIELD_KEYS."""


def key() -> bytes:
    """The key of the chain. Raises NoKeyError."""
    row = AuditKey.objects.first()
    if row is None:
        raise NoKeyError
    try:
        return base64.b64decode(row.key.reveal())
    except CannotDecryptError:
        raise NoKeyError from None


def make_key() -> bytes:
    """Makes the key of a chain that begins. The caller is the only one who seals."""
    fresh = os.urandom(32)
    AuditKey.objects.create(key=base64.b64encode(fresh).decode())
    return fresh


def _text(value: Any) -> str | int:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return value if isinstance(value, int) else str(value)


def canonical(row: tuple[Any, ...]) -> bytes:
    """The entry as canonical JSON; `row` holds the values of `SELECTED`.

    Empty columns are left out, so that a column added later changes no digest of an entry that has none of it.
    """
    named = {column: _text(value) for column, value in zip(COLUMNS, row, strict=True) if value is not None}
    return json.dumps(named, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def next_digest(key: bytes, previous: bytes, row: tuple[Any, ...]) -> bytes:
    """The digest of the entry that follows the place whose digest is `previous`."""
    return hmac.digest(key, previous + canonical(row), "sha256")


@dataclass(frozen=True, slots=True)
class Head:
    """The newest place of the chain. Printed, logged and kept elsewhere, it shows whether the tail was cut off since."""

    sequence: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.sequence}:{self.digest.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Reads what `str()` wrote. Raises ValueError."""
        sequence, _, digest = text.strip().partition(":")
        head = cls(int(sequence), bytes.fromhex(digest))
        if head.sequence < 0 or len(head.digest) != 32:
            raise ValueError(text)
        return head
