"""How audit entries read, in the reader's language: each floor announces the words of its own acts from `apps.ready()`.

    announce("profiles", _("Payout and tax profiles"), {"payout_profile.created": _("The payout profile %(thing)s was created")})

A sentence may name `thing` (what the act was done to) and any fact of the entry, after before before.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from incentives_portal.core.models import AuditEntry

Text = str | Promise
Facts = Mapping[str, Any]
# Answers ids by names, all of a page at once.
Names = Callable[[set[str]], Mapping[str, str]]
NOTHING = "–"

_sentences: dict[str, Text] = {}
_groups: dict[str, tuple[Text, frozenset[str]]] = {}
_things: dict[str, Text] = {}
_labels: dict[str, Text] = {}
_values: dict[str, list[Callable[[Any], str]]] = {}
_references: dict[str, Names] = {}
_hidden: set[str] = set()


def announce(group: str, title: Text, sentences: Mapping[str, Text], *, things: Iterable[str] = ()) -> None:
    """Registers the sentences of a group of acts, the group's title in the filter, and the models that the acts are done to."""
    _sentences.update(sentences)
    _things.update((label, apps.get_model(label)._meta.verbose_name or label) for label in things)
    _groups[group] = (title, frozenset(sentences))


def announce_facts(
    labels: Mapping[str, Text],
    *,
    values: Mapping[str, Callable[[Any], str]] | None = None,
    references: Mapping[str, Names] | None = None,
    hidden: Iterable[str] = (),
) -> None:
    """Registers what facts are called, how their values read, which are ids of named things, and which are nobody's to read."""
    _labels.update(labels)
    for name, word in (values or {}).items():
        _values.setdefault(name, []).append(word)
    _references.update(references or {})
    _hidden.update(hidden)


def groups() -> list[tuple[str, str]]:
    """The groups of acts, by their titles."""
    return sorted(((name, str(title)) for name, (title, _acts) in _groups.items()), key=lambda pair: pair[1])


def acts_of(group: str) -> frozenset[str]:
    """The acts of a group."""
    return _groups[group][1]


def things() -> list[tuple[str, str]]:
    """The kinds of things that acts are done to, by their names."""
    return sorted(((label, capfirst(str(name))) for label, name in _things.items()), key=lambda pair: pair[1])


def known_acts() -> frozenset[str]:
    """Every act that has words."""
    return frozenset(_sentences)


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact before and after."""

    label: str
    before: str
    after: str
    changed: bool


class Words:
    """Words some entries, with the names of what they refer to looked up once for all of them."""

    def __init__(self, entries: Iterable[AuditEntry]) -> None:
        wanted: dict[str, set[str]] = {name: set() for name in _references}
        for entry in entries:
            for facts in (entry.before or {}, entry.after or {}):
                for name in wanted.keys() & facts.keys():
                    wanted[name].add(str(facts[name]))
        self._names = {name: _references[name](ids - {""}) if ids - {""} else {} for name, ids in wanted.items()}

    def sentence(self, entry: AuditEntry) -> str:
        """What was done. An act that nobody announced reads as it is called."""
        known = _sentences.get(entry.act)
        if known is None:
            return entry.act.replace("_", " ").replace(".", ": ")
        facts = {**(entry.before or {}), **(entry.after or {})}
        return str(known) % _Filled(
            {name: self.value(name, value) for name, value in facts.items()} | {"thing": entry.object_name or NOTHING}
        )

    def compared(self, entry: AuditEntry) -> list[Compared]:
        """Every fact that somebody may read, in the order in which it was recorded."""
        before, after = entry.before or {}, entry.after or {}
        return [self._compare(name, before, after) for name in {**before, **after} if name not in _hidden]

    def _compare(self, name: str, before: Facts, after: Facts) -> Compared:
        changed = bool(before and after) and before.get(name) != after.get(name)
        label = _labels.get(name) or name.replace("_", " ").capitalize()
        return Compared(str(label), self.value(name, before.get(name)), self.value(name, after.get(name)), changed)

    def value(self, name: str, value: Any) -> str:
        """One fact as a person reads it."""
        if value is None or value in ("", [], {}):
            return NOTHING
        if name in self._names:
            return self._names[name].get(str(value), str(value))
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(value, list):
            return ", ".join(self.value(name, one) for one in value)
        for word in _values.get(name, ()):
            # Floors that have a fact of the same name each know their own values.
            if (worded := word(value)) != str(value):
                return worded
        if isinstance(value, dict):
            return "; ".join(f"{_labels.get(key, key)}: {self.value(key, one)}" for key, one in value.items())
        return str(value)


class _Filled(dict[str, str]):
    """A fact that an older entry lacks reads as a dash."""

    def __missing__(self, name: str) -> str:
        return NOTHING


def choice(choices: Iterable[tuple[Any, Text]]) -> Callable[[Any], str]:
    """Words a value by a model's choices; one that they no longer have reads as it was stored."""
    labels = dict(choices)
    return lambda value: str(labels.get(value, value))
