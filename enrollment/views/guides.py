"""The enrollment guide, and the guides of the programs: read and downloaded signed in (rules PRG-1, PRG-2)."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.access import PortalRequest, allowed, signed_in
from accounts.roles import Permission
from enrollment.guide import guide
from enrollment.models import Program, ProgramGuide
from enrollment.queries.programs import program_facts
from enrollment.services.programs import content_of
from incentives_portal.core import clock


@require_safe
@signed_in
def guide_page(request: PortalRequest) -> HttpResponse:
    """The enrollment guide; `?download=html` and `?download=txt` give it as a file."""
    kind = request.GET.get("download", "")
    if kind in {"html", "txt"}:
        return _attachment(request, f"enrollment/guide_file.{kind}", {"steps": guide()}, f"enrollment-guide-{_language()}.{kind}")
    return render(request, "enrollment/guide.html", {"steps": guide()})


@require_safe
@allowed(Permission.SEE_ENROLLMENTS)
def program_guide(request: PortalRequest, code: str) -> HttpResponse:
    """The newest guide of the program in the reader's language, else in any; else one made of what is known of it."""
    program = get_object_or_404(Program, code=code)
    guides = ProgramGuide.objects.filter(program=program).order_by("-version")
    found = guides.filter(language=_language()).first() or guides.first()
    if found and (content := content_of(found)):
        return pdf(content, found.file_name)
    context = {"program": program, "facts": program_facts(program, clock.today()), "steps": guide()[1:6]}
    return _attachment(request, "enrollment/program_guide_file.html", context, f"{program.code}-guide-{_language()}.html")


def pdf(content: bytes, name: str) -> HttpResponse:
    """A guide as an attachment: the browser saves it, and neither shows nor runs it."""
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


def _attachment(request: PortalRequest, template: str, context: dict[str, object], name: str) -> HttpResponse:
    kind = "text/plain" if template.endswith(".txt") else "text/html"
    response = render(request, template, {**context, "language": _language()}, content_type=f"{kind}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _language() -> str:
    return (get_language() or "en")[:2]
