"""The overview: which enrollments a viewer sees, how they read them, and how many there are of each kind.

Two queries for the list, whatever its length: one counts every combination of what can be filtered by, one reads the
fifty rows of the page. A third pair names owners where the viewer can't act. What is shown is computed here once per row,
so that the template only prints it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import BooleanField, Case, Count, F, IntegerField, Q, QuerySet, Value, When, Window
from django.utils.translation import get_language

from accounts.actor import Actor
from enrollment.models import Enrollment
from enrollment.policy import enrollable_by, visible_to
from enrollment.queries.wish import Wish
from enrollment.status import Reason, ShownStatus, Status

PAGE = 50
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
    "location__name",
    "location__mpn_id",
    "location__city",
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
    """The rows of one page, as dictionaries of columns, and the counts of everything."""

    page: Page[dict[str, Any]]
    counts: Counts


def overview(actor: Actor, wish: Wish) -> Found:
    """What `actor` sees of what the wish asks for."""
    rows = as_read_by(actor)
    counts = _counts(rows, wish)
    found = rows_of(actor, wish)
    if wish.view:
        group = F("location_id") if wish.view == "location" else F("program_id")
        found = found.annotate(in_group=Window(Count("pk"), partition_by=group))
    paginator = Paginator(found, PAGE)
    paginator.count = counts.total  # counted already: saves a query
    return Found(paginator.get_page(wish.page), counts)


def matching(actor: Actor, wish: Wish) -> QuerySet[Any]:
    """All that `actor` sees of what the wish asks for, on whatever page."""
    return as_read_by(actor).filter(_search(wish.q), **_filters(wish))


def rows_of(actor: Actor, wish: Wish) -> QuerySet[Any, dict[str, Any]]:
    """The same in the order that the wish asks for, as dictionaries of what a row is made of."""
    return matching(actor, wish).order_by(*_order(wish)).values(*COLUMNS, "mine", "shown", "program_name")


def as_read_by(actor: Actor) -> QuerySet[Any]:
    """The enrollments that `actor` sees, with `mine` (may enroll it) and `shown` (the status as they read it)."""
    mine = Case(When(enrollable_by(actor), then=Value(True)), default=Value(False), output_field=BooleanField())
    in_progress = Q(status__in=[Status.ACTION_REQUIRED, Status.VALIDATING])
    shown = Case(
        When(in_progress & Q(mine=False), then=Value(ShownStatus.ENROLLING.value)),
        When(status=Status.INACTIVE, reason=Reason.NOT_ELIGIBLE, then=Value(ShownStatus.NOT_ELIGIBLE.value)),
        default=F("status"),
    )
    return visible_to(actor).annotate(mine=mine).annotate(shown=shown, program_name=F(_name_column()))


def _name_column() -> str:
    return "program__name_sv" if (get_language() or "en").startswith("sv") else "program__name_en"


def _search(text: str) -> Q:
    """Every word must be found in the Partner ID, the place, the program or the partner."""
    found = Q()
    for word in text.split():
        found &= (
            Q(location__mpn_id__startswith=word)
            | Q(location__name__icontains=word)
            | Q(location__city__icontains=word)
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
        "location__country": wish.country,
    }
    return {column: value for column, value in wanted.items() if value}


def _order(wish: Wish) -> list[Any]:
    urgency = Case(*(When(shown=shown, then=Value(rank)) for shown, rank in URGENCY.items()), output_field=IntegerField())
    place, program = ["location__name", "location__mpn_id"], ["program_name", "program__code"]
    by = wish.sort.removeprefix("-")
    firsts: dict[str, list[Any]] = {"": [urgency, "respond_by"], "status": [urgency], "location": place, "program": program}
    first = firsts[by]
    if wish.sort.startswith("-"):
        first = [one.desc() if isinstance(one, Case) else f"-{one}" for one in first]
    groups: dict[str, list[Any]] = {"": [], "location": [*place, "location_id"], "program": program}
    return [*groups[wish.view], *first, *place, *program, "pk"]


def _counts(rows: QuerySet[Enrollment], wish: Wish) -> Counts:
    """Counts every combination in the database and adds up here: the combinations are few, the rows may be many."""
    matches = (
        Case(When(_search(wish.q), then=Value(True)), default=Value(False), output_field=BooleanField()) if wish.q else Value(True)
    )
    cube = list(
        rows.annotate(matches=matches)
        .order_by()
        .values_list("fiscal_year", "matches", "shown", "program__code", "location__country", "program_name")
        .annotate(n=Count("pk"))
    )
    by_status: Counter[str] = Counter()
    by_program: Counter[str] = Counter()
    by_country: Counter[str] = Counter()
    total = 0
    for year, hit, shown, program, country, _name, n in cube:
        if year != wish.fiscal_year or not hit:
            continue
        fits = (not wish.status or shown == wish.status, not wish.program or program == wish.program)
        in_country = not wish.country or country == wish.country
        by_status[shown] += n if fits[1] and in_country else 0
        by_program[program] += n if fits[0] and in_country else 0
        by_country[country or ""] += n if all(fits) else 0
        total += n if all(fits) and in_country else 0
    return Counts(
        years=tuple(sorted({row[0] for row in cube}, reverse=True)),
        all_statuses=sum(by_status.values()),
        statuses=dict(by_status),
        programs=dict(by_program),
        program_names={row[3]: row[5] for row in cube},
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
