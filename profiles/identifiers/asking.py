"""What is said about a number that is asked for: its name, as its country calls it, an example, and whether it must be given."""

from dataclasses import dataclass, replace
from typing import cast

from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclass(frozen=True, slots=True)
class BankField:
    """One identifier of a bank account, and the longest input, separators included.

    Where a country has several ways to name an account, each field says which `way` it belongs to, and one complete way
    is enough. `choices` are codes with labels, for what is chosen and not typed.
    """

    kind: str
    label: Words
    hint: Words = ""
    required: bool = True
    max_length: int = 42
    way: str = ""
    choices: tuple[tuple[str, Words], ...] = ()


@dataclass(frozen=True, slots=True)
class TaxField:
    """One tax identifier. Of the fields that share an `any_of`, at least one must be given."""

    kind: str
    label: Words
    hint: Words = ""
    required: bool = True
    any_of: str = ""
    max_length: int = 40


def _named(label: Words, own: str) -> str:
    text = str(label)
    names = [name for name in own.split(", ") if name and name.casefold() not in text.casefold()]
    return f"{text} ({', '.join(names)})" if names else text


def named(label: Words, own: str) -> Words:
    """A label with the names that the country itself uses, where the label doesn't say them yet: *Bank code (金融機関コード)*."""
    return cast(Promise, lazy(_named, str)(label, own))


def example(number: str) -> Words:
    """A hint that shows one right number."""
    return format_lazy(_("For example {example}"), example=number)


def optional(field: TaxField) -> TaxField:
    """The field, which may stay empty."""
    return replace(field, required=False)


def either(*fields: TaxField) -> tuple[TaxField, ...]:
    """The fields, one of which is enough."""
    return tuple(replace(field, required=False, any_of="number") for field in fields)
