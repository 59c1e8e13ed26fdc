from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, allowed
from accounts.roles import Permission
from profiles import policy
from profiles.queries.standing import rows_of
from profiles.views.coming_back import next_of, query_of


@require_GET
@allowed(Permission.SEE_PROFILES)
def profiles(request: PortalRequest) -> HttpResponse:
    """Payout and tax profiles: what there is, how it stands, and which locations have no tax profile yet."""
    archived = "archived" in request.GET
    payouts = policy.payouts_visible_to(request.actor).filter(archived_at__isnull=not archived)
    taxes = policy.taxes_visible_to(request.actor).filter(archived_at__isnull=not archived).order_by("location__name", "name")
    payout_rows, tax_rows = rows_of(payouts, taxes)
    covered = {row.profile.location_id for row in tax_rows if hasattr(row.profile, "location_id")}
    places = policy.locations_editable_by(request.actor)
    context = {
        "payout_rows": payout_rows,
        "tax_rows": tax_rows,
        "untaxed": [] if archived else [place for place in places if place.pk not in covered],
        "archived": archived,
        "next": next_of(request),
        "query": query_of(request),
    }
    return render(request, "profiles/profiles.html", context)
