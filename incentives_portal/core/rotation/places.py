"""Where encrypted values lie: every `EncryptedTextField`, found by itself, and what the floors above tell of."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from django.apps import apps

from incentives_portal.core.secrets import EncryptedTextField

from .columns import EncryptedColumn, Row, Swap
from .sealed_json import told


class Place(Protocol):
    """One column whose values are encrypted."""

    @property
    def label(self) -> str:
        """Table and column."""

    def by_key(self) -> Counter[str]:
        """How many values are encrypted under which key."""

    def rows(self, after: Any, size: int, *, but: str | None = None) -> list[Row]:
        """The next rows by their keys; with `but`, those that hold a value under another key than this one."""

    def opened(self, row: Row) -> None:
        """Decrypts the row's values and forgets them. Raises CannotDecryptError."""

    def sealed_anew(self, row: Row) -> Any:
        """What the row is to hold, under the newest key. Raises CannotDecryptError."""

    def swap(self, swaps: Sequence[Swap]) -> int:
        """Stores what still holds what was read, and counts it. A row that somebody else holds or has changed is left."""


def places() -> list[Place]:
    """Every column with encrypted values, in a stable order."""
    models = apps.get_models(include_auto_created=True)
    fields = [field for model in models for field in model._meta.local_fields if isinstance(field, EncryptedTextField)]
    found: list[Place] = [*map(EncryptedColumn, fields), *told()]
    return sorted(found, key=lambda place: place.label)
