"""Many at once (rule ENR-5): who can and who can't and why, one choice for all, and what became of each."""

import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import PortalRequest, allowed
from accounts.roles import Permission
from accounts.views.seen import partner_of
from enrollment.bulk import Act, Choice
from enrollment.bulk_wording import TEXTS, Words, words_of
from enrollment.forms import ManyForm
from enrollment.models import BulkEnrollment, Program
from enrollment.queries.bulk import Judged, Preview, Selection, job_of, preview
from enrollment.queries.bulk_jobs import jobs_of, progress, results, rows_of
from enrollment.queries.wish import Wish
from enrollment.services import bulk
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from profiles.policy import payouts_visible_to

# A selection up to so many characters has an address of its own, which can be gone back to; servers take about 4,000.
LONGEST_ADDRESS = 2_000
# How many of a group are named; all of them stand in the overview.
NAMED = 20
PAGE = 50


@dataclass(frozen=True, slots=True)
class Group:
    """Some enrollments of which the same is to be said."""

    words: Words
    named: list[Judged]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.named)


class Asked:
    """What a request for many says: which ones, what is to be done, and how they are paid."""

    def __init__(self, request: PortalRequest) -> None:
        self.request = request
        self.given: QueryDict = request.POST if request.method == "POST" else request.GET
        self.this_year = FiscalYear.of(clock.today())
        self.selection = Selection.read(self.given, this_year=self.this_year)
        self.is_declining = self.given.get("act") == Act.DECLINE

    @cached_property
    def form(self) -> ManyForm:
        profiles = payouts_visible_to(self.request.actor).filter(archived_at=None, frozen_at=None, latest__isnull=False)
        paid = sorted({code for codes in Program.objects.values_list("currencies", flat=True) for code in codes})
        data = self.given if "how" in self.given else None
        return ManyForm(data, profiles=profiles, currencies=paid)

    @property
    def choice(self) -> Choice:
        return Choice(Act.DECLINE) if self.is_declining else self.form.choice

    @property
    def is_valid(self) -> bool:
        return self.is_declining or not self.form.is_bound or self.form.is_valid()

    @cached_property
    def back(self) -> str:
        """The overview as it was when the selection was made there."""
        if "back" not in self.given:
            return reverse("overview")
        wish = Wish.read(QueryDict(self.given.get("back", "")), this_year=self.this_year)
        return f"{reverse('overview')}?{wish.query(self.this_year, page=wish.page) or 'view='}"

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The selection as names and values of a form, and the way back from it."""
        return [*self.selection.fields(self.this_year), ("back", urlsplit(self.back).query)]

    @property
    def address(self) -> str:
        """Where a selection that was just posted is shown; empty where it is too long for an address."""
        if self.request.method != "POST" or {"seal", "do", "how"} & self.given.keys():
            return ""
        fields = [*self.fields, ("act", Act.DECLINE if self.is_declining else Act.ENROLL)]
        address = f"{reverse('many')}?{urlencode(fields)}"
        return address if len(address) <= LONGEST_ADDRESS else ""

    @property
    def is_empty(self) -> bool:
        return not (self.selection.ids or self.selection.wish or self.selection.again)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Permission.ENROLL)
def many(request: PortalRequest) -> HttpResponse:
    """Shows what would become of each; *start* does exactly what was shown, or shows it anew where that has changed.

    The overview posts what is ticked, as no address holds 500 rows. Until *start* nothing is written.
    """
    asked = Asked(request)
    if asked.is_empty:
        messages.info(request, _("Tick what you want to enroll, then go on."))
        return redirect(asked.back)
    if address := asked.address:
        return redirect(address)
    found = preview(request.actor, asked.selection, asked.choice)
    stale = False
    if request.POST.get("do") == "start":
        if asked.is_valid and found.ready and request.POST.get("seal") == found.seal:
            return redirect("many_job", pk=_started(request, asked, found).pk)
        stale = True
    context = _context(asked, found) | {"stale": stale}
    return render(request, "enrollment/many.html", context, status=409 if stale else 200)


def _started(request: PortalRequest, asked: Asked, found: Preview) -> BulkEnrollment:
    again = asked.selection.again
    return bulk.start(
        partner=partner_of(request),
        key=_key(request.POST.get("key", "")),
        choice=asked.choice,
        wanted=[bulk.Wanted(one.row, one.verdict) for one in found.ready],
        again_of=job_of(request.actor, again) if again else None,
        by=request.user,
    )


def _key(text: str) -> uuid.UUID:
    """The key of the form; one that was tampered with only loses its protection against double clicks."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.uuid4()


def _context(asked: Asked, found: Preview) -> dict[str, object]:
    return {
        "form": None if asked.is_declining else asked.form,
        "act": Act.DECLINE if asked.is_declining else asked.choice.act,
        "fields": asked.fields,
        "back": asked.back,
        "preview": found,
        "ready": Group(words_of("ready"), found.ready[:NAMED], len(found.ready)),
        "others": [Group(words_of(code), those[:NAMED], len(those)) for code, those in found.others.items()],
        # A page's own: of two clicks on it one starts, but who went back and chose otherwise starts something else.
        "key": uuid.uuid4(),
    }


@require_GET
@allowed(Permission.ENROLL)
def many_jobs(request: PortalRequest) -> HttpResponse:
    """What this person started, the newest first."""
    page = Paginator(jobs_of(request.actor), PAGE).get_page(request.GET.get("page"))
    return render(request, "enrollment/many_jobs.html", {"page": page})


@require_GET
@allowed(Permission.ENROLL)
def many_job(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """How far it is, and a result for each row. Closing the page stops nothing.

    While it runs the page asks again by htmx; as long as nothing is new the answer is empty.
    """
    found = progress(job_of(request.actor, pk))
    if request.htmx:
        return _news(request, found.job, request.GET.get("seen", ""))
    outcome = request.GET.get("outcome")
    outcome = outcome if outcome in TEXTS or outcome == "" else None
    page = Paginator(rows_of(found.job, outcome), PAGE).get_page(request.GET.get("page"))
    context = {
        "progress": found,
        "job": found.job,
        "page": page,
        "results": results(page),
        "outcome": outcome,
        "query": urlencode({"outcome": outcome}) if outcome is not None else "",
        "again_url": f"{reverse('many')}?{urlencode({'again': str(found.job.pk)})}"
        if found.failed and found.job.finished_at
        else "",
    }
    response = render(request, "enrollment/many_job.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _news(request: PortalRequest, job: BulkEnrollment, seen: str) -> HttpResponse:
    """What changed since: nothing, the numbers, or that all is done, which the whole page shows."""
    found = progress(job)
    if seen == found.version:
        return HttpResponse(status=204)
    if job.finished_at:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "enrollment/_many_progress.html", {"progress": found, "job": job})
