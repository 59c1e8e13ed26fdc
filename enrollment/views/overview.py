"""*Incentives → Overview*: every enrollment that the viewer sees, with its status and its one next step."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import quote_plus

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_countries import countries

from accounts.access import PortalRequest, allowed
from accounts.roles import Permission
from enrollment.queries.overview import URGENCY, Counts, Found, in_groups, overview
from enrollment.queries.overview_rows import Row, RowWriter
from enrollment.queries.overview_stamp import etag, is_stamped, stamp_now
from enrollment.queries.renewal import soon
from enrollment.queries.wish import PAGE, SIZES, Wish
from enrollment.wording import status_labels
from incentives_portal.core import clock, frame, jinja
from incentives_portal.core.fiscal import FiscalYear

# By the second, htmx asks for the whole page when somebody goes back.
VARIES_BY = ("HX-Request", "HX-History-Restore-Request")


@dataclass(frozen=True, slots=True)
class Group:
    """A run of rows with its heading, where the view groups them."""

    title: str
    line: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a filter."""

    value: str
    label: str
    count: int
    url: str
    current: bool


@allowed(Permission.SEE_ENROLLMENTS)
def overview_page(request: PortalRequest) -> HttpResponseBase:
    """The page; for htmx only its results. The state stands in the address alone, or in the view that one begins with.

    A browser that has the page already is told so where nothing of it has changed.
    """
    if unchanged := _unchanged(request):
        return unchanged
    now = request.actor.at or clock.now()
    this_year = FiscalYear.of(clock.date_of(now))
    wish = Wish.read(request.GET, this_year=this_year)
    found = overview(request.actor, wish)
    if not request.META["QUERY_STRING"] and (begin := next((v for v in found.views if v["own"] and v["is_default"]), None)):
        return redirect(f"{reverse('overview')}?{begin['query'] or 'view='}")
    results = jinja.to_string("enrollment/_overview_results.jinja", _context(request, wish, found, now, this_year), request)
    is_plain = not len(get_messages(request))
    if request.htmx and not request.htmx.history_restore_request:
        response = HttpResponse(results)
    else:
        response = frame.page(request, "enrollment/overview.jinja", {"results": results, "renewal": _renewal(request, now)})
    patch_vary_headers(response, VARIES_BY)
    if found.stamp and is_plain:
        response.headers["ETag"] = etag(request, found.stamp)
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def _unchanged(request: PortalRequest) -> HttpResponseBase | None:
    """The answer without a page, where the browser's own is still right; what waits to be said makes every page a new one."""
    if "HTTP_IF_NONE_MATCH" not in request.META or not is_stamped(request.actor) or len(get_messages(request)):
        return None
    tag = etag(request, stamp_now(request.actor))
    answer = get_conditional_response(request, etag=tag)
    if answer is None or answer.status_code != 304:
        return None
    answer.headers["ETag"], answer.headers["Cache-Control"] = tag, "private, no-cache"
    patch_vary_headers(answer, VARIES_BY)
    return answer


def _renewal(request: PortalRequest, now: dt.datetime) -> str:
    """What is said in a year's last weeks."""
    renewal = soon(request.actor, now)
    return render_to_string("enrollment/_renewal_soon.html", {"renewal": renewal}) if renewal else ""


def _context(request: PortalRequest, wish: Wish, found: Found, now: dt.datetime, this_year: FiscalYear) -> dict[str, Any]:
    """What the results are made of."""
    actor, rows = request.actor, list(found.page.object_list)
    return {
        "wish": wish,
        "groups": _groups(RowWriter(actor, now).write(rows), rows, wish),
        "page": found.page,
        "query": wish.query(this_year),
        "here": wish.query(this_year, page=wish.page),
        "cleared": _address(wish.cleared(this_year)),
        "may_enroll": Permission.ENROLL in actor.permissions,
        "for_partner": actor.partner is not None,
        "filter_fields": wish.filter_fields(this_year),
        "year": str(wish.year),
        "views": found.views,
        "texts": _texts(found, wish),
        **_choices(found, wish, this_year),
    }


def _texts(found: Found, wish: Wish) -> dict[str, str]:
    """The sentences with a number or a year in them."""
    count, pages = found.counts.total, found.page.paginator.num_pages
    if not count:
        return {
            "empty": _("No enrollment fits these filters")
            if wish.is_filtered
            else _("No enrollments in %(year)s yet") % {"year": wish.year},
            "how": _("When a location of yours is eligible for a program, %(operator_name)s invites it and it stands here.")
            % {"operator_name": settings.OPERATOR_NAME},
            "all": "",
        }
    shown = {"first": found.page.start_index(), "last": found.page.end_index(), "total": count}
    return {
        "caption": _("Enrollments in %(year)s") % {"year": wish.year},
        "all": ngettext("All %(count)s that fits the filter", "All %(count)s that fit the filter", count) % {"count": count},
        "shown": _("%(first)s–%(last)s of %(total)s") % shown,
        "page": _("Page %(number)s of %(pages)s") % {"number": found.page.number, "pages": pages} if pages > 1 else "",
    }


def _groups(written: Sequence[Row], found: Sequence[dict[str, Any]], wish: Wish) -> list[Group]:
    rows = iter(written)
    return [_group(those, wish, list(islice(rows, len(those)))) for those in in_groups(found, wish.view)]


def _group(found: Sequence[dict[str, Any]], wish: Wish, rows: list[Row]) -> Group:
    """A run of rows under its heading; the count is the group's on all pages."""
    first, count = found[0], found[0].get("in_group", 0)
    if wish.view == "location":
        programs = ngettext("%(count)d program", "%(count)d programs", count) % {"count": count}
        return Group(
            rows[0].place if first["location_id"] else first["partner__legal_name"],
            f"{rows[0].place_line} · {programs}",
            rows,
        )
    places = ngettext("%(count)d location", "%(count)d locations", count) % {"count": count}
    return Group(first["program_name"], places, rows)


def _choices(found: Found, wish: Wish, this_year: FiscalYear) -> dict[str, Any]:
    """The entries of tabs and filters, each with the address that it leads to."""
    counts: Counts = found.counts
    others: dict[str, str] = {}

    def choice(name: str, value: str, label: str, count: int) -> Choice:
        if name not in others:
            others[name] = wish.query(this_year, **{name: ""})
        query = f"{others[name]}&{name}={quote_plus(value)}" if value else others[name]
        return Choice(value, label, count, _address(query.removeprefix("&")), getattr(wish, name) == value)

    def entries(name: str, numbers: dict[str, int], labels: dict[str, str]) -> Iterator[Choice]:
        for value, label in labels.items():
            if value and (numbers.get(value) or getattr(wish, name) == value):
                yield choice(name, value, label, numbers.get(value, 0))

    statuses = {shown.value: status_labels()[shown] for shown in URGENCY}
    # What is asked for stays in its select though nothing has it: else the next search would drop it unseen.
    names = dict(sorted(({wish.program: wish.program} | counts.program_names).items(), key=lambda pair: pair[1]))
    codes = filter(None, {*counts.countries, wish.country})
    places = dict(sorted(((code, countries.name(code) or code) for code in codes), key=lambda pair: pair[1]))
    years = sorted({*counts.years, this_year.ends_in, wish.fiscal_year}, reverse=True)
    return {
        "tabs": [
            *(
                choice("view", *one, 0)
                for one in (("", _("All programs")), ("location", _("By location")), ("program", _("By program")))
            ),
            Choice("matrix", _("Matrix"), 0, f"{reverse('matrix')}?{wish.query(this_year, view='', sort='', rows='')}", False),
        ],
        "sizes": [choice("rows", size, size or str(PAGE), 0) for size in SIZES] if counts.total > PAGE else [],
        "statuses": [choice("status", "", _("All"), counts.all_statuses), *entries("status", counts.statuses, statuses)],
        "programs": list(entries("program", counts.programs, names)),
        "countries": list(entries("country", counts.countries, places)) if len(places) > 1 or wish.country else [],
        "years": [_year(wish, this_year, FiscalYear(year)) for year in years],
        "this_year": this_year.ends_in,
        "sorts": {name: _sort(wish, this_year, name) for name in ("program", "location", "status")},
    }


def _year(wish: Wish, this_year: FiscalYear, year: FiscalYear) -> Choice:
    return Choice(str(year.ends_in), str(year), 0, _address(wish.query(this_year, fiscal_year=year.ends_in)), wish.year == year)


def _sort(wish: Wish, this_year: FiscalYear, name: str) -> dict[str, str]:
    """The link of a sortable column and how it is sorted now."""
    direction = {name: "ascending", f"-{name}": "descending"}.get(wish.sort, "")
    return {"url": _address(wish.query(this_year, sort=f"-{name}" if wish.sort == name else name)), "aria": direction}


def _address(query: str) -> str:
    """The overview with this query; an empty one is said, too, as an address without any begins with somebody's own view."""
    return f"?{query or 'view='}"
