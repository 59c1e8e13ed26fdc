"""Two versions of a profile, side by side, numbers masked. No number in clear is read here."""

from dataclasses import dataclass

from profiles import fingerprints
from profiles.fields import AnyVersion, Label, labels_of
from profiles.identifiers.bank import SHOWN_WHOLE

from .facts import facts_of


@dataclass(frozen=True, slots=True)
class Compared:
    """One field as it is and as it was before."""

    label: Label
    now: str
    before: str
    changed: bool


def compared(version: AnyVersion, before: AnyVersion | None) -> list[Compared]:
    """Every field that either version fills in, in the order of the newer one."""
    now, then = facts_of(version), facts_of(before) if before else {}
    labels = dict(labels_of(version))
    if before is not None:
        labels |= {name: label for name, label in labels_of(before).items() if name not in labels}
    # Equal last characters don't make an equal number; the fingerprint knows.
    other_number = before is not None and not fingerprints.are_same(before, version)

    def differs(name: str) -> bool:
        if before is None:
            return False
        return now.get(name, "") != then.get(name, "") or (other_number and name in version.shown and name not in SHOWN_WHOLE)

    return [
        Compared(label, now.get(name, ""), then.get(name, ""), differs(name))
        for name, label in labels.items()
        if now.get(name) or then.get(name)
    ]
