"""A program's requirements between the tables, JSON, and the pure rule of `enrollment.eligibility`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from enrollment.eligibility import Group, Item
from enrollment.models import Program, RequirementGroup, RequirementItem


def groups_of(program: Program) -> tuple[Group, ...]:
    """What the program asks for, in order; nothing for one that is open to all. Prefetch `groups__items`."""
    return tuple(
        Group(
            group.title_en, group.title_sv, tuple(_item(item) for item in sorted(group.items.all(), key=lambda item: item.position))
        )
        for group in sorted(program.groups.all(), key=lambda group: group.position)
    )


def in_force(program: Program) -> tuple[Group, ...] | None:
    """The groups that decide who is eligible; none of them where the program is open to all.

    None where nobody is evaluated yet: a new program is for nobody until its requirements are published.
    """
    return () if program.open_to_all else groups_of(program) or None


def _item(row: RequirementItem) -> Item:
    return Item(row.kind, row.agreement, row.designation, row.level, row.held_by, tuple(row.countries))


def as_json(groups: Iterable[Group]) -> list[dict[str, Any]]:
    """The groups as JSON, as drafts and the audit log hold them."""
    return [
        asdict(group) | {"any_of": [asdict(item) | {"countries": list(item.countries)} for item in group.any_of]}
        for group in groups
    ]


def from_json(stored: Iterable[Mapping[str, Any]]) -> tuple[Group, ...]:
    """The groups that `as_json` wrote."""
    return tuple(
        Group(
            group["title_en"],
            group["title_sv"],
            tuple(Item(**{**item, "countries": tuple(item["countries"])}) for item in group["any_of"]),
        )
        for group in stored
    )


def replace(program: Program, groups: Sequence[Group]) -> None:
    """Stores other requirements in the place of the program's. Callers bump the program's `rule_version`."""
    program.groups.all().delete()
    for position, group in enumerate(groups):
        row = RequirementGroup.objects.create(program=program, position=position, title_en=group.title_en, title_sv=group.title_sv)
        RequirementItem.objects.bulk_create(
            RequirementItem(
                group=row,
                position=number,
                kind=item.kind,
                agreement=item.agreement,
                designation=item.designation,
                level=item.level,
                held_by=item.held_by,
                countries=list(item.countries),
            )
            for number, item in enumerate(group.any_of)
        )
