"""The rows of the overview in words, for the page and for exports.

A page of rows says few things many times. Labels, addresses, dates and next steps are put together once for each that is
different, and a row only picks its own: that is what decides how long a page takes.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.roles import Permission
from enrollment.links import NOBODY, Links
from enrollment.queries.actions import Action, Viewer, next_step
from enrollment.queries.owners import Place, owners
from enrollment.status import ShownStatus
from enrollment.wording import status_labels
from incentives_portal.core.jinja import addresses

ANY_PROGRAM = "PROGRAM"
ANY = str(NOBODY)


class Row(NamedTuple):
    """One enrollment, ready to print."""

    pk: str
    mine: bool
    url: str
    name: str
    program: str
    program_code: str
    guide_url: str
    place: str
    place_line: str
    mpn_id: str
    city: str
    partner: str
    year: int
    shown: str
    label: str
    eligibility_url: str
    action: str
    action_url: str
    until: str
    is_late: bool


class RowWriter:
    """Puts rows into the words of one reader. `found` are dictionaries of `overview.COLUMNS`, with `mine` and `shown`."""

    def __init__(self, actor: Actor, now: dt.datetime) -> None:
        links = Links()
        self._viewer = Viewer(now, links, addresses()("reviews") if Permission.REVIEW in actor.permissions else "")
        self._labels = status_labels()
        self._with_partner = actor.partner is None
        self._of_pga = _("Partner Global Account")
        self._page, self._eligibility = links.to("enrollment", NOBODY), links.to("eligibility", NOBODY)
        self._guide = addresses()("program_guide", ANY_PROGRAM)
        self._guides: dict[str, str] = {}
        self._actions: dict[tuple[str, bool, str, str], Action] = {}

    def write(self, found: Sequence[Mapping[str, Any]]) -> list[Row]:
        """The rows in words. Two queries, where some of them wait for somebody else."""
        waiting = {_place(row) for row in found if not row["mine"] and _waits_for_partner(row)}
        names = owners(waiting) if waiting else {}
        return [self._row(row, names) for row in found]

    def _row(self, row: Mapping[str, Any], names: Mapping[Place, str]) -> Row:
        pk, shown, code = str(row["pk"]), row["shown"], row["program__code"]
        action = self._action(row, names.get(_place(row), "") if names and not row["mine"] else "")
        mpn_id, city, partner = row["place__mpn_id"] or "", row["place__city"] or "", row["partner__legal_name"]
        place = row["place__name"] or self._of_pga
        return Row(
            pk=pk,
            mine=row["mine"],
            url=self._page.replace(ANY, pk),
            name=f"{row['program_name']}, {place}",
            program=row["program_name"],
            program_code=code,
            guide_url=self._guides.get(code) or self._guide_of(code),
            place=place,
            place_line=" · ".join(filter(None, (mpn_id, city, partner if self._with_partner else ""))),
            mpn_id=mpn_id,
            city=city,
            partner=partner,
            year=row["fiscal_year"],
            shown=shown,
            label=self._labels[shown],
            eligibility_url=self._eligibility.replace(ANY, pk) if shown == ShownStatus.NOT_ELIGIBLE else "",
            action=action.words,
            action_url=action.url.replace(ANY, pk) if action.url else "",
            until=action.until,
            is_late=action.is_late,
        )

    def _guide_of(self, code: str) -> str:
        self._guides[code] = self._guide.replace(ANY_PROGRAM, code)
        return self._guides[code]

    def _action(self, row: Mapping[str, Any], owner: str) -> Action:
        """The next step, with nobody's id where the row's own belongs."""
        requirements = row["requirements"]
        key = (repr(next_step(requirements) or requirements), row["mine"], owner, row["reason"])
        if key not in self._actions:
            self._actions[key] = self._viewer.action(NOBODY, requirements, mine=row["mine"], owner=owner, reason=row["reason"])
        return self._actions[key]


def _place(row: Mapping[str, Any]) -> Place:
    """Ids may come as text, where the row comes out of a document."""
    location = row["location_id"]
    return Place(UUID(str(row["partner_id"])), UUID(str(location)) if location else None, row["program__code"])


def _waits_for_partner(row: Mapping[str, Any]) -> bool:
    return any(one["turn"] == "partner" and one.get("link") != "eligibility" for one in row["requirements"])
