"""Choices in Django admin: lists for a partner, which work without JavaScript, and completions for the operator, who has all."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.admin.widgets import AutocompleteMixin, AutocompleteSelect, AutocompleteSelectMultiple


def _real(values: Iterable[Any]) -> list[Any]:
    """Without what can be no key: Django asks the database for what was posted, and the database refuses nonsense."""
    return [value for value in values if not value or _is_key(value)]


def _is_key(value: Any) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


class OneOfAll(AutocompleteSelect):
    """As Django's; a posted value that can be no key shows as nothing chosen, and the form says so."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        return super().optgroups(name, _real(value), attrs)


class SomeOfAll(AutocompleteSelectMultiple):
    """As Django's, likewise."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        return super().optgroups(name, _real(value), attrs)


class Completed(OneOfAll):
    """Completes while one types where there is JavaScript, and is a plain list where there is none."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        return super(AutocompleteMixin, self).optgroups(name, _real(value), attrs)
