from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, allowed
from accounts.roles import Permission
from profiles import policy
from profiles.forms.queue import QueueForm
from profiles.queries.dashboard import dashboard_of
from profiles.queries.reviews import countries_of, next_for, queue_rows, undoable_by, waiting

PAGE_SIZE = 50


@require_GET
@allowed(Permission.REVIEW)
def reviews(request: PortalRequest) -> HttpResponse:
    """The reviewers' queue, the most urgent first (rule VAL-2)."""
    visible = policy.reviews_visible_to(request.actor)
    form = QueueForm(request.GET, country_codes=countries_of(visible))
    rows = waiting(visible).filter(form.condition(request.user))
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": page,
        "form": form,
        "filtered": bool(form.chosen),
        "query": query.urlencode(),
        "rows": queue_rows(list(page.object_list), request.user),
        "alarms": policy.alarms_visible_to(request.actor).filter(outcome="").order_by("raised_at"),
        "undoable": undoable_by(visible, request.user),
        "following": next_for(visible, request.user),
    }
    return render(request, "reviews/reviews.html", context)


@require_GET
@allowed(Permission.REVIEW)
def review_dashboard(request: PortalRequest) -> HttpResponse:
    """How long decisions take and what waits, in numbers and pictures (rules VAL-1, VAL-4)."""
    visible = policy.reviews_visible_to(request.actor)
    due_next = queue_rows(list(waiting(visible)[:5]), request.user)
    return render(request, "reviews/dashboard.html", {"figures": dashboard_of(), "due_next": due_next})
