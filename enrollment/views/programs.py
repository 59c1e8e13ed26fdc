"""Programs, run by program managers (rule PRG-1)."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.roles import Permission
from enrollment.errors import RefusedError
from enrollment.models import FiscalYearOffer, Program, ProgramGuide, RequirementDraft
from enrollment.program_forms import DiscontinueForm, GuideForm, NewProgramForm, TermsForm, YearsForm
from enrollment.queries import program_pages as queries
from enrollment.queries.programs import program_facts
from enrollment.services import programs as services
from enrollment.views.guides import pdf
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from profiles.documents.judging import LARGEST, RefusedFileError
from profiles.documents.words import refusal_in_words


def program_or_404(code: str) -> Program:
    return get_object_or_404(Program.objects.prefetch_related("groups__items"), code=code)


def _year() -> FiscalYear:
    return FiscalYear.of(clock.today())


@require_safe
@allowed(Permission.MANAGE_PROGRAMS)
def programs(request: PortalRequest) -> HttpResponse:
    """Every program, with where this year's enrollments stand."""
    year = _year()
    counts = queries.enrolled_counts(year)
    rows = [(program, counts.get(program.pk, {})) for program in queries.programs_with_state(year)]
    return render(request, "programs/programs.html", {"rows": rows, "year": year, "today": clock.today()})


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PROGRAMS)
@fresh_second_factor
def program_new(request: PortalRequest) -> HttpResponse:
    """Adds a program; its years, requirements and guides come next, on its page."""
    form = NewProgramForm(request.POST or None, initial=TermsForm.initial_of(None))
    if form.is_bound and form.is_valid():
        try:
            program = services.create(code=form.cleaned_data["code"], values=form.values(), by=request.user)
        except RefusedError as refusal:
            form.add_error("code", refusal)
        else:
            messages.success(request, _("The program is added. Say next in which years it is offered, and what it asks."))
            return redirect("program", program.code)
    return render(request, "programs/edit.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@allowed(Permission.MANAGE_PROGRAMS)
def program(request: PortalRequest, code: str) -> HttpResponse:
    """All that is known of a program, and the ways to change it."""
    found, year, now = program_or_404(code), _year(), clock.now()
    guides = list(queries.guides_of(found))
    context = {
        "program": found,
        "year": year,
        "today": clock.date_of(now),
        "facts": program_facts(found, clock.date_of(now)),
        "counts": queries.status_counts(found.enrollments.filter(fiscal_year=year.ends_in)),
        "guides": guides,
        "guide_form": GuideForm(),
        "draft": RequirementDraft.objects.select_related("changed_by").filter(program=found).first(),
        "waves": found.waves.all()[:5],
    }
    return render(request, "programs/program.html", context)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PROGRAMS)
@fresh_second_factor
def program_edit(request: PortalRequest, code: str) -> HttpResponse:
    """Texts side by side, and terms. A currency that enrollments are paid in is taken away only knowingly."""
    found = program_or_404(code)
    standing = TermsForm.initial_of(found)
    form = TermsForm(request.POST or None, initial=standing)
    warning = ""
    if form.is_bound and form.is_valid() and _is_fresh(form, standing["seen"], form.values(), standing):
        warning = _paid_in_what_goes(found, form)
        if not warning and _saved(request, form, lambda: services.change(program=found, values=form.values(), by=request.user)):
            messages.success(request, _("The program is saved."))
            return redirect("program", found.code)
    context = {"form": form, "program": found, "warning": warning, "standing": standing["seen"]}
    return render(request, "programs/edit.html", context, status=422 if form.errors else 200)


def _is_fresh(form: Any, standing: str, asked: Any, held: dict[str, Any]) -> bool:
    """Whether the program is still what the page showed; what a second click asks for is what stands already."""
    if form.cleaned_data["seen"] == standing or all(held.get(name) == value for name, value in asked.items()):
        return True
    _say_stale(form, standing)
    return False


def _say_stale(form: Any, standing: str) -> None:
    form.add_error(
        None,
        _(
            "Somebody else changed this program in the meantime. What you typed is kept below; saving it again replaces what "
            "they changed. Open the program in another window to compare."
        ),
    )
    form.keep(seen=standing)


def _paid_in_what_goes(program: Program, form: TermsForm) -> str:
    """The warning that enrollments would lose their currency, unless the person has read it and goes on."""
    going = set(program.currencies) - set(form.cleaned_data["currencies"])
    count = services.in_use(program, going) if going else 0
    if not count or form.cleaned_data["confirmed"] == str(count):
        return ""
    form.keep(confirmed=str(count))
    return ngettext(
        "%(count)s enrollment is paid in %(codes)s and would wait for another currency: Action required.",
        "%(count)s enrollments are paid in %(codes)s and would wait for another currency: Action required.",
        count,
    ) % {"count": count, "codes": ", ".join(sorted(going))}


def _saved(request: PortalRequest, form: Any, verb: Any) -> bool:
    try:
        verb()
    except RefusedError as refusal:
        form.add_error(None, refusal)
        return False
    return True


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PROGRAMS)
@fresh_second_factor
def program_years(request: PortalRequest, code: str) -> HttpResponse:
    """The fiscal years that the program is offered in, and its enrollment windows."""
    found = program_or_404(code)
    offers = list(FiscalYearOffer.objects.filter(program=found))
    form = YearsForm(request.POST or None, offers=offers, this_year=_year())
    if form.is_bound and form.is_valid():
        if form.cleaned_data["seen"] != form.seal and form.offers() != form.held:
            _say_stale(form, form.seal)
        elif _saved(request, form, lambda: services.offer(program=found, offers=form.offers(), by=request.user)):
            messages.success(request, _("The fiscal years are saved."))
            return redirect("program", found.code)
    return render(request, "programs/years.html", {"form": form, "program": found}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PROGRAMS)
@fresh_second_factor
def program_discontinue(request: PortalRequest, code: str) -> HttpResponse:
    """Whom discontinuing concerns, and then doing it; or taking it back."""
    found, today = program_or_404(code), clock.today()
    if request.method == "POST" and request.POST.get("do") == "offer_again":
        services.discontinue(program=found, last_day=None, by=request.user)
        messages.success(request, _("The program is offered again."))
        return redirect("program", found.code)
    form = DiscontinueForm(request.POST or None, today=today, initial={"last_day": found.discontinued_on or today})
    concerned = queries.concerned_by_discontinuing(found, FiscalYear.of(today))
    if form.is_bound and form.is_valid():
        if request.POST.get("confirmed") == concerned.seal:
            services.discontinue(program=found, last_day=form.cleaned_data["last_day"], by=request.user)
            messages.success(request, _("The program is discontinued."))
            return redirect("program", found.code)
        form.add_error(None, _("What this concerns has changed since you looked. Read it again below, then confirm."))
    context = {"form": form, "program": found, "concerned": concerned, "today": today}
    return render(request, "programs/discontinue.html", context, status=422 if form.errors else 200)


@require_http_methods(["POST"])
@allowed(Permission.MANAGE_PROGRAMS)
def program_guide_add(request: PortalRequest, code: str) -> HttpResponse:
    """Uploads a new version of the program's guide; what it is, its content says."""
    found = program_or_404(code)
    form = GuideForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(
            request, " ".join(f"{form[name].label}: {' '.join(map(str, faults))}" for name, faults in form.errors.items())
        )
        return redirect("program", found.code)
    file = form.cleaned_data["file"]
    try:
        guide = services.add_guide(
            program=found,
            language=form.cleaned_data["language"],
            name=file.name or "",
            data=file.read(LARGEST + 1),
            by=request.user,
        )
    except RefusedFileError as refused:
        words = (
            _("This isn't a PDF, whatever its name says.") if refused.code == "not_supported" else refusal_in_words(refused.code)
        )
        messages.error(request, words)
    else:
        messages.success(request, _("Version %(version)s of the guide is saved.") % {"version": guide.version})
    return redirect("program", found.code)


@require_safe
@allowed(Permission.MANAGE_PROGRAMS)
def program_guide_version(request: PortalRequest, code: str, pk: int) -> HttpResponse:
    """One version of a guide, as an attachment."""
    guide = get_object_or_404(ProgramGuide, program__code=code, pk=pk)
    content = services.content_of(guide)
    if not content:
        raise Http404
    return pdf(content, guide.file_name)
