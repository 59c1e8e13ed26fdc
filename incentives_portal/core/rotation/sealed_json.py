"""Encrypted values that stand as hexadecimal text in a JSON column of somebody else's model."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction

from incentives_portal.core import keys, secrets
from incentives_portal.core.secrets import CannotDecryptError

from .columns import Row, Swap


def from_hex(text: str, *, place: str) -> bytes:
    """What was stored. Raises CannotDecryptError for a text that is no such value."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise CannotDecryptError("the value is not one that the portal stored", place=place) from None


@dataclass(frozen=True, slots=True)
class SealedJson:
    """The members `names` of the JSON objects in a column: a value, or a list of values, bound to `bound_to`."""

    model: str
    column: str
    names: tuple[str, ...]
    bound_to: str

    @property
    def label(self) -> str:
        return f"{self._rows.model._meta.db_table}.{self.column}"

    @property
    def _rows(self) -> Any:
        return apps.get_model(self.model)._base_manager.filter(**{f"{self.column}__has_any_keys": list(self.names)})

    def _values(self, data: Mapping[str, Any]) -> Iterator[str]:
        for name in self.names:
            value = data.get(name)
            yield from value if isinstance(value, list) else [value] if value else []

    def by_key(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for data in self._rows.values_list(self.column, flat=True).iterator():
            found.update(_key_id(value) for value in self._values(data))
        return found

    def rows(self, after: Any, size: int, *, but: str | None = None) -> list[Row]:
        found = self._rows.filter(pk__gt=after) if after is not None else self._rows
        rows = found.order_by("pk").values_list("pk", self.column)
        if but is None:
            return list(rows[:size])
        wanted = ((pk, data) for pk, data in rows.iterator() if any(_key_id(value) != but for value in self._values(data)))
        return [row for row, _ in zip(wanted, range(size), strict=False)]

    def opened(self, row: Row) -> None:
        for value in self._values(row[1]):
            self._open(value)

    def _open(self, value: str) -> str:
        return secrets.decrypt(from_hex(value, place=self.bound_to), place=self.bound_to)

    def sealed_anew(self, row: Row) -> dict[str, Any]:
        anew: Callable[[str], str] = lambda value: secrets.encrypt(self._open(value), place=self.bound_to).hex()  # noqa: E731
        data = dict(row[1])
        for name in self.names:
            if value := data.get(name):
                data[name] = [anew(each) for each in value] if isinstance(value, list) else anew(value)
        return data

    def swap(self, swaps: Sequence[Swap]) -> int:
        return sum(self._swap(*swap) for swap in swaps)

    def _swap(self, pk: Any, held: Any, new: Any) -> int:
        with transaction.atomic():
            rows = self._rows.filter(pk=pk, **{self.column: held})
            # Whoever holds the row has it first.
            if not rows.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True).first():
                return 0
            return int(rows.update(**{self.column: new}))


def _key_id(value: str) -> str:
    try:
        found = secrets.key_id_of(bytes.fromhex(value))
    except ValueError:
        return "none"
    return found if keys.KEY_ID.fullmatch(found) else "none"


_told: dict[str, SealedJson] = {}


def sealed_in_json(model: str, column: str, *names: str, bound_to: str) -> None:
    """Tells of such a column, so that `rotate_keys` knows it."""
    _told[f"{model}.{column}"] = SealedJson(model, column, names, bound_to)


def told() -> list[SealedJson]:
    """The columns that were told of."""
    return list(_told.values())
