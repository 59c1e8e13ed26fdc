"""What came before the accounts of payout profiles: two queries, whatever the number of versions (rule PAY-5)."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef

from profiles import fingerprints
from profiles.models import PayoutProfileVersion, Validation

# An account that replaces another is looked at by a person for so long (the usual way of payment fraud).
RECENT = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier version of the same profile."""

    fingerprint: bytes | None
    is_approved: bool
    is_taken_back: bool
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Past:
    """What came before a version.

    `alike`: what the same account's fingerprint may be in another row. `earlier`: the versions before, newest first.
    `took_place_at`: when the profile took another account's place at a submitted enrollment; None where the partner's account
    is known here. Known is what a person approved, or what was approved well before: the checks alone approve whatever is first
    used at an enrollment that nobody had submitted, and a thief can begin with that.
    """

    alike: Collection[bytes] = ()
    earlier: Sequence[Earlier] = ()
    took_place_at: dt.datetime | None = None


def pasts_of(versions: Collection[PayoutProfileVersion]) -> dict[uuid.UUID, Past]:
    """The past of each version, by its id."""
    alike = {one.pk: fingerprints.alike(one) for one in versions}
    earlier, took_place = _earlier(versions), _took_place(versions, alike)
    return {one.pk: Past(alike[one.pk], earlier[one.pk], took_place.get(one.pk)) for one in versions}


def _earlier(versions: Collection[PayoutProfileVersion]) -> dict[uuid.UUID, list[Earlier]]:
    approved = Validation.objects.filter(payout_version=OuterRef("pk"), decision=Validation.Decision.APPROVED)
    rows = PayoutProfileVersion.objects.filter(profile__among={one.profile_id for one in versions if one.number > 1})
    rows = rows.annotate(is_approved=Exists(approved)).defer("identifiers").order_by("-number")
    of_profile: defaultdict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in rows:
        of_profile[row.profile_id].append(row)
    return {one.pk: [_said(row) for row in of_profile[one.profile_id] if row.number < one.number] for one in versions}


def _said(row: Any) -> Earlier:
    fingerprint = bytes(row.fingerprint) if row.fingerprint is not None else None
    return Earlier(fingerprint, row.is_approved, row.taken_back_by_id is not None, row.created_at)


def _took_place(versions: Collection[PayoutProfileVersion], alike: Mapping[uuid.UUID, set[bytes]]) -> dict[uuid.UUID, dt.datetime]:
    since = {one.pk: one.profile.took_place_at for one in versions if one.profile.took_place_at is not None}
    asked = [one for one in versions if one.pk in since]
    approved = Validation.objects.filter(
        decision=Validation.Decision.APPROVED,
        partner__among={one.profile.partner_id for one in asked},
        payout_version__fingerprint__among=set[bytes]().union(*(alike[one.pk] for one in asked)),
    )
    found = approved.values_list("partner", "payout_version__fingerprint").annotate(Min("decided_at"), Count("decided_by"))
    known = {(partner, bytes(fingerprint)): (first, by_people) for partner, fingerprint, first, by_people in found}

    def is_known(one: PayoutProfileVersion) -> bool:
        facts = [known[key] for fingerprint in alike[one.pk] if (key := (one.profile.partner_id, fingerprint)) in known]
        return any(by_people or first < since[one.pk] - RECENT for first, by_people in facts)

    return {one.pk: since[one.pk] for one in asked if not is_known(one)}
