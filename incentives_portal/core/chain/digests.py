"""What a seal says: a keyed digest over the digest before it and the entry's every column.

The key is derived from the setting BLIND_INDEX_KEY, so who owns the database and not the key can recompute no digest.
"""

import base64
import datetime as dt
import hmac
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

from incentives_portal.core.models import AuditEntry

BEGINNING = bytes(32)
_FIELDS = AuditEntry._meta.concrete_fields
COLUMNS = tuple(field.column for field in _FIELDS)
# JSON is read as PostgreSQL prints it, so that no number of it is rounded on the way.
SELECTED = ", ".join(f"e.{field.column}{'::text' if isinstance(field, models.JSONField) else ''}" for field in _FIELDS)


@lru_cache(maxsize=2)
def _derived(index_key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"audit chain").derive(base64.b64decode(index_key))


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


def next_digest(previous: bytes, row: tuple[Any, ...]) -> bytes:
    """The digest of the entry that follows the place whose digest is `previous`."""
    return hmac.digest(_derived(settings.BLIND_INDEX_KEY), previous + canonical(row), "sha256")


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
