"""The overview: which enrollments a viewer sees, how they read them, and how many there are of each kind.

One statement answers both, whatever the number of rows: it counts every combination of what can be filtered by, and reads
the rows of the page. Where the viewer can't act, two more name who can.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.paginator import Page, Paginator
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    F,
    FilteredRelation,
    Func,
    IntegerField,
    Q,
    QuerySet,
    Value,
    When,
    Window,
)
from django.utils.translation import get_language

from accounts.actor import Actor
from accounts.models import Partner, User
from accounts.roles import Permission
from enrollment.policy import enrollable_by, visible_to
from enrollment.queries.overview_stamp import NO_STAMP, STAMP, is_stamped, stamp_places
from enrollment.queries.saved_views import found_by
from enrollment.queries.wish import Wish
from enrollment.status import Reason, ShownStatus, Status
from incentives_portal.core.statement import Statement

# What needs somebody first, what is over last.
URGENCY = {
    ShownStatus.ACTION_REQUIRED: 0,
    ShownStatus.INVITED: 1,
    ShownStatus.ENROLLING: 2,
    ShownStatus.VALIDATING: 3,
    ShownStatus.ENROLLED: 4,
    ShownStatus.NOT_ELIGIBLE: 5,
    ShownStatus.INACTIVE: 6,
    ShownStatus.DISCONTINUED: 7,
}
COLUMNS = (
    "pk",
    "partner_id",
    "partner__legal_name",
    "location_id",
    "place__name",
    "place__mpn_id",
    "place__city",
    "program__code",
    "fiscal_year",
    "status",
    "reason",
    "requirements",
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many enrollments there are by each entry of each filter, the other filters applied."""

    years: tuple[int, ...]
    all_statuses: int
    statuses: dict[str, int]
    programs: dict[str, int]
    program_names: dict[str, str]
    countries: dict[str, int]
    total: int


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of one page, as dictionaries of columns, the counts of everything, and the saved views that the viewer finds.

    `stamp` is another one when anything of it was changed; it is empty where that would cost more than it saves.
    """

    page: Page[dict[str, Any]]
    counts: Counts
    views: list[dict[str, Any]]
    stamp: str = ""


def overview(actor: Actor, wish: Wish) -> Found:
    """What `actor` sees of what the wish asks for: the counts and the page in one statement, whatever their number."""
    number = int(wish.page) if wish.page.isascii() and wish.page.isdecimal() else 1
    found = _ask(actor, wish, max(number, 1))
    last = -(-found.counts.total // wish.per_page) or 1
    return found if found.page.number <= last else _ask(actor, wish, last)


def _ask(actor: Actor, wish: Wish, number: int) -> Found:
    stamp, cube, views, rows = _statement(actor, wish).documents(
        user=actor.user.pk,
        partner=actor.partner.pk if actor.partner else None,
        year=wish.fiscal_year,
        program=wish.program,
        country=wish.country,
        limit=wish.per_page,
        offset=(number - 1) * wish.per_page,
    )
    counts = _counts(cube, wish)
    whole: Paginator[Any] = Paginator(range(counts.total), wish.per_page)
    return Found(Page(rows, number, whole), counts, views, str(stamp or ""))


# Stand for the values of a request while Django puts the SQL together.
_BLANKS: dict[str, Any] = {
    "user": uuid.UUID(int=4),
    "partner": uuid.UUID(int=3),
    "year": 2997,
    "program": "\x01program",
    "country": "\x01c",
}
_known: dict[Any, Statement] = {}


def _statement(actor: Actor, wish: Wish) -> Statement:
    """The statement for this kind of reader and wish. Nearly all are of few kinds, whose SQL is kept; where a role lists places
    or programs, or words are searched for, it is put together for the occasion."""
    if wish.q or any(grant.location_ids is not None or grant.program_codes is not None for grant in actor.grants):
        return _put_together(actor, wish, {})
    roles = tuple(sorted({grant.role for grant in actor.grants}))
    key = (roles, get_language(), wish.view, wish.sort, wish.status, bool(wish.program), bool(wish.country))
    if key not in _known:
        given = {"user": True, "partner": actor.partner, "year": True, "program": wish.program, "country": wish.country}
        blanks = {name: blank for name, blank in _BLANKS.items() if given[name]}
        anybody = Actor(User(pk=blanks["user"]), Partner(pk=blanks["partner"]) if actor.partner else None, actor.grants)
        names = {"year": "fiscal_year"}
        anything = replace(
            wish, **{names.get(name, name): blank for name, blank in blanks.items() if name not in {"user", "partner"}}
        )
        _known[key] = _put_together(anybody, anything, blanks)
    return _known[key]


def _put_together(actor: Actor, wish: Wish, blanks: Mapping[str, Any]) -> Statement:
    views: QuerySet[Any, Any] = found_by(actor).values(
        "name", "query", "is_default", own=Case(When(owner=actor.user.pk, then=_YES), default=_NO)
    )
    first = (STAMP, stamp_places(actor)) if is_stamped(actor) else NO_STAMP
    return Statement([_cube(as_read_by(actor), wish), views, rows_of(actor, wish)], blanks, first=first)


def matching(actor: Actor, wish: Wish) -> QuerySet[Any]:
    """All that `actor` sees of what the wish asks for, on whatever page."""
    return as_read_by(actor).filter(_search(wish.q), **_filters(wish))


def rows_of(actor: Actor, wish: Wish) -> QuerySet[Any, Any]:
    """The same in the order that the wish asks for, as dictionaries of what a row is made of."""
    rows: QuerySet[Any, Any] = matching(actor, wish).order_by(*_order(wish)).values(*COLUMNS, "mine", "shown", "program_name")
    if not wish.view:
        return rows
    group = F("location_id" if wish.view == "location" else "program_id")
    grouped: QuerySet[Any, Any] = rows.annotate(in_group=Window(Count("pk"), partition_by=group))
    return grouped


def as_read_by(actor: Actor) -> QuerySet[Any]:
    """The enrollments that `actor` sees, with `mine` (may enroll it), `shown` (the status as they read it) and `place`.

    That is the location, said to be of the enrollment's partner, which it always is: else PostgreSQL would look through
    everybody's locations for a partner's.
    """
    mine = _mine(actor)
    in_progress = Q(status__in=[Status.ACTION_REQUIRED, Status.VALIDATING])
    shown = Case(
        *([] if mine == _YES else [When(in_progress & Q(mine=False), then=Value(ShownStatus.ENROLLING.value))]),
        When(status=Status.INACTIVE, reason=Reason.NOT_ELIGIBLE, then=Value(ShownStatus.NOT_ELIGIBLE.value)),
        default=F("status"),
    )
    place = FilteredRelation("location", condition=Q(location__partner=F("partner")))
    return visible_to(actor).annotate(mine=mine, place=place).annotate(shown=shown, program_name=F(_name_column()))


_YES, _NO = (Value(answer, output_field=BooleanField()) for answer in (True, False))


def _mine(actor: Actor) -> Any:
    """Whether `actor` may enroll a row. Most people may enroll all that they see, or none; the others are asked row by row."""
    may = [Permission.ENROLL in grant.permissions for grant in actor.grants_for(Permission.SEE_ENROLLMENTS)]
    if all(may) or not any(may):
        return _YES if all(may) else _NO
    return Case(When(enrollable_by(actor), then=_YES), default=_NO)


def _name_column() -> str:
    return "program__name_sv" if (get_language() or "en").startswith("sv") else "program__name_en"


def _search(text: str) -> Q:
    """Every word must be found in the Partner ID, the place, the program or the partner."""
    found = Q()
    for word in text.split():
        found &= (
            Q(place__mpn_id__startswith=word)
            | Q(place__name__icontains=word)
            | Q(place__city__icontains=word)
            | Q(program__name_en__icontains=word)
            | Q(program__name_sv__icontains=word)
            | Q(program__code__iexact=word)
            | Q(partner__legal_name__icontains=word)
        )
    return found


def _filters(wish: Wish) -> dict[str, Any]:
    wanted = {
        "fiscal_year": wish.fiscal_year,
        "shown": wish.status,
        "program__code": wish.program,
        "place__country": wish.country,
    }
    return {column: value for column, value in wanted.items() if value}


def _order(wish: Wish) -> list[Any]:
    ranks = Value([shown.value for shown in URGENCY], output_field=ArrayField(CharField()))
    urgency = Func(ranks, F("shown"), function="array_position", output_field=IntegerField())
    place, program = ["place__name", "place__mpn_id"], ["program_name", "program__code"]
    by = wish.sort.removeprefix("-")
    firsts: dict[str, list[Any]] = {"": [urgency, "respond_by"], "status": [urgency], "location": place, "program": program}
    first = firsts[by]
    if wish.sort.startswith("-"):
        first = [one.desc() if isinstance(one, Func) else f"-{one}" for one in first]
    groups: dict[str, list[Any]] = {"": [], "location": [*place, "location_id"], "program": program}
    return [*groups[wish.view], *first, *place, *program, "pk"]


def _cube(rows: QuerySet[Any], wish: Wish) -> QuerySet[Any, Any]:
    """How many there are of every combination: the combinations are few, the rows may be many."""
    matches = Case(When(_search(wish.q), then=_YES), default=_NO) if wish.q else _YES
    combinations: QuerySet[Any, Any] = (
        rows.annotate(matches=matches)
        .order_by()
        .values("fiscal_year", "matches", "shown", "program__code", "place__country", "program_name")
        .annotate(n=Count("pk"))
    )
    return combinations


def _counts(cube: Sequence[Mapping[str, Any]], wish: Wish) -> Counts:
    """The combinations, added up."""
    by_status: Counter[str] = Counter()
    by_program: Counter[str] = Counter()
    by_country: Counter[str] = Counter()
    total = 0
    for one in cube:
        if one["fiscal_year"] != wish.fiscal_year or not one["matches"]:
            continue
        shown, program, country, n = one["shown"], one["program__code"], one["place__country"], one["n"]
        fits = (not wish.status or shown == wish.status, not wish.program or program == wish.program)
        in_country = not wish.country or country == wish.country
        by_status[shown] += n if fits[1] and in_country else 0
        by_program[program] += n if fits[0] and in_country else 0
        by_country[country or ""] += n if all(fits) else 0
        total += n if all(fits) and in_country else 0
    return Counts(
        years=tuple(sorted({one["fiscal_year"] for one in cube}, reverse=True)),
        all_statuses=sum(by_status.values()),
        statuses=dict(by_status),
        programs=dict(by_program),
        program_names={one["program__code"]: one["program_name"] for one in cube},
        countries=dict(by_country),
        total=total,
    )


def group_of(row: dict[str, Any], view: str) -> Any:
    """What a row is grouped by in this view."""
    return row["location_id"] if view == "location" else row["program__code"]


def in_groups(rows: Sequence[dict[str, Any]], view: str) -> list[list[dict[str, Any]]]:
    """The rows in runs of the same group; one run without a grouped view."""
    groups: list[list[dict[str, Any]]] = []
    last: Any = object()
    for row in rows:
        key = group_of(row, view) if view else None
        if key != last or not groups:
            groups.append([])
        groups[-1].append(row)
        last = key
    return groups
