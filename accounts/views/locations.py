"""The partner's locations: how each is covered, who can do what there, and filling a gap (rules ACC-2, ACC-7)."""

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts import policy
from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.coming_back import own_page
from accounts.models import Location, Membership
from accounts.queries.location_people import page_of_locations, people_of
from accounts.queries.people import fillers
from accounts.roles import PartnerRole, Permission
from accounts.services import gaps
from accounts.views.doing import attempt
from accounts.views.seen import member_or_404, partner_of

STATES = ("gap", "single", "covered")


@require_GET
@allowed(Permission.SEE_PEOPLE)
def locations(request: PortalRequest) -> HttpResponse:
    """Every location with who can enroll it: nobody, one person, or more."""
    search, state = request.GET.get("q", "").strip()[:100], request.GET.get("state", "")
    state = state if state in STATES else ""
    page, counts = page_of_locations(partner_of(request).pk, search=search, state=state, page=request.GET.get("page", "1"))
    asked = {name: value for name, value in (("q", search), ("state", state)) if value}
    context = {
        "page": page,
        "counts": counts,
        "all": sum(counts.values()),
        "search": search,
        "state": state,
        "query": urlencode(asked),
        "search_query": urlencode({"q": search}) if search else "",
    }
    return render(request, "accounts/locations.html", context)


@require_GET
@allowed(Permission.SEE_PEOPLE)
def location_people(request: PortalRequest, location_id: uuid.UUID) -> HttpResponse:
    """Who can do what at one location."""
    place = policy.get_or_404(Location.objects.filter(policy.within(request.actor, Permission.SEE_PEOPLE)), pk=location_id)
    roles = people_of(place)
    admins = {holder.membership.pk for role in roles if role.role == PartnerRole.INCENTIVES_ADMIN for holder in role.holders}
    context = {
        "location": place,
        "roles": roles,
        "admins": len(admins),
        "fillers": [member for member in fillers(request.actor) if member.pk not in admins],
    }
    return render(request, "accounts/location_people.html", context)


@require_POST
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def gap_fill(request: PortalRequest) -> HttpResponse:
    """Makes the person chosen incentives admin of the locations ticked, and leads back to the page that showed the gap."""
    membership = _chosen(request)
    wanted = policy.get_all_or_404(
        Location.objects.filter(policy.within(request.actor, Permission.ASSIGN_INCENTIVES_ROLES)), request.POST.getlist("location")
    )
    done = ngettext(
        "%(person)s is incentives admin of %(place)s now.",
        "%(person)s is incentives admin of %(count)s more locations now.",
        len(wanted),
    ) % {"person": membership.user, "place": wanted[0].name if wanted else "", "count": len(wanted)}
    attempt(request, gaps.fill, done, membership=membership, locations=wanted)
    return redirect(own_page(request, request.POST.get("next", "")) or "people")


def _chosen(request: PortalRequest) -> Membership:
    try:
        return member_or_404(request, uuid.UUID(request.POST.get("person", "")))
    except ValueError:
        return member_or_404(request, uuid.UUID(int=0))
