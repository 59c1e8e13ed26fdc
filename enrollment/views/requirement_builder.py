"""Requirements of a program: built in a form, tried against the real partner base, then published (rule ELI-1)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.roles import Permission
from enrollment.errors import RefusedError
from enrollment.models import Program, RequirementDraft, RequirementItem
from enrollment.queries.program_pages import known_names, trial_shown
from enrollment.requirement_draft import LONGEST, MOST_GROUPS, MOST_ITEMS, Typed
from enrollment.services import requirement_drafts as services
from enrollment.views.programs import program_or_404
from incentives_portal.core import clock


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PROGRAMS)
def program_requirements(request: PortalRequest, code: str) -> HttpResponse:
    """The draft as a form. Every button keeps what is typed, so leaving loses nothing; none of it is in force."""
    program = program_or_404(code)
    if request.method == "POST":
        return _do(request, program, request.POST.get("do", "save"))
    return _page(request, program, services.typed_of(program))


def _do(request: PortalRequest, program: Program, what: str) -> HttpResponse:
    """What a button of the form asks for."""
    if what == "discard":
        services.discard(program=program, by=request.user)
        messages.success(request, _("The draft is discarded. What is in force stays."))
        return redirect("program", program.code)
    typed = Typed.read(request.POST)
    typed.do(what, request.POST)
    try:
        draft = services.save(program=program, typed=typed, seen=_number(request.POST.get("revision", "")), by=request.user)
        if what != "try":
            return _saved(request, program, what)
        if typed.checked() is None:
            return _page(request, program, typed, status=422)
        services.try_out(draft=draft, by=request.user)
    except services.StaleDraftError as refusal:
        return _page(request, program, typed, refusal=" ".join(refusal.messages), status=409)
    return redirect(f"{reverse('program_requirements', args=[program.code])}#trial")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _saved(request: PortalRequest, program: Program, what: str) -> HttpResponse:
    """Back to the form, at the requirement that was worked on."""
    address = reverse("program_requirements", args=[program.code])
    verb, _colon, place = what.partition(":")
    if verb == "save":
        messages.success(request, _("The draft is saved. It is in force for nobody until it is published."))
        return redirect(address)
    return redirect(f"{address}#g{place.partition(':')[0]}" if place else f"{address}#last")


def _page(request: PortalRequest, program: Program, typed: Typed, *, refusal: str = "", status: int = 200) -> HttpResponse:
    draft = RequirementDraft.objects.select_related("changed_by").filter(program=program).first()
    tried = draft if draft and draft.is_tried and status == 200 else None
    context = {
        "program": program,
        "typed": typed,
        "draft": draft,
        "refusal": refusal,
        "trial": trial_shown(tried.trial, clock.now()) if tried and tried.trial else None,
        "is_behind": bool(tried and tried.trial and tried.trial["against"] != program.rule_version),
        "kinds": RequirementItem.Kind.choices,
        "holders": RequirementItem.HeldBy.choices,
        "names": known_names(),
        "longest": LONGEST,
        "is_full": len(typed.groups) >= MOST_GROUPS,
        "most_items": MOST_ITEMS,
    }
    return render(request, "programs/requirements.html", context, status=status)


@require_POST
@allowed(Permission.MANAGE_PROGRAMS)
@fresh_second_factor
def program_requirements_publish(request: PortalRequest, code: str) -> HttpResponse:
    """Makes the draft that was tried the program's requirements."""
    program = program_or_404(code)
    try:
        version = services.publish(program=program, revision=_number(request.POST.get("revision", "")), by=request.user)
    except RefusedError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect("program_requirements", program.code)
    messages.success(
        request,
        _("The requirements are published as version %(version)s. Every location is being evaluated.") % {"version": version},
    )
    return redirect("program", program.code)
