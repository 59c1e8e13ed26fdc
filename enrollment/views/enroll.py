"""The enroll page: which profiles and which currency, then Submit, or Continue to what is missing (rules ENR-1, ENR-2)."""

import uuid
from typing import Literal
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import PortalRequest, allowed, fresh_second_factor_unless
from accounts.policy import get_or_404
from accounts.roles import Permission
from enrollment.errors import RefusedError
from enrollment.forms import EnrollForm
from enrollment.models import Enrollment
from enrollment.policy import require_enroll
from enrollment.queries.choices import Option, choices
from enrollment.services import enrolling
from enrollment.status import Status
from enrollment.views.enrollments import seen_by
from enrollment.wording import worded
from incentives_portal.core import clock
from profiles.models import PayoutProfile, TaxProfile
from profiles.standing import Standing

OPEN = {Status.ACTION_REQUIRED, Status.VALIDATING, Status.ENROLLED}


def _moves_no_money(request: PortalRequest) -> bool:
    """Whether a request leaves what is submitted already with the payout profile that it has."""
    if request.method != "POST" or request.resolver_match is None:
        return True
    submitted = seen_by(request.actor).filter(pk=request.resolver_match.kwargs["pk"], submitted_at__isnull=False).first()
    return submitted is None or request.POST.get("payout_profile", "") == str(submitted.payout_profile_id)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Permission.SEE_ENROLLMENTS)
@fresh_second_factor_unless(_moves_no_money)
def enroll_page(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Shows the choice; a POST keeps it, complete or not, and then submits or leads on to what is missing."""
    enrollment = get_or_404(seen_by(request.actor), pk=pk)
    require_enroll(request.actor, enrollment)
    if enrollment.status not in OPEN:
        messages.info(request, _("This enrollment has nothing to choose now. Here is where it stands."))
        return redirect("enrollment", pk=pk)
    form = EnrollForm(request.POST or None, choices=choices(request.actor, enrollment, clock.now()), enrollment=enrollment)
    if request.method == "POST" and form.is_valid():
        answer = _keep_and_go_on(request, enrollment, form)
        if answer:
            return answer
    return render(request, "enrollment/enroll.html", _context(enrollment, form))


def _keep_and_go_on(request: PortalRequest, enrollment: Enrollment, form: EnrollForm) -> HttpResponse | None:
    """Where to go after keeping the choice; None where the page must be shown again, with what is wrong."""
    payout, tax, currency = form.chosen
    try:
        enrolling.choose(
            enrollment_id=enrollment.pk,
            payout_profile=_payout(payout),
            tax_profile=_tax(tax),
            currency=currency,
            by=request.user,
        )
        missing = _where_missing(enrollment, payout, tax)
        if missing:
            return redirect(missing)
        if not currency:
            form.add_error("currency", _("Choose the currency that this location is paid in."))
            return None
        row = enrolling.submit(enrollment_id=enrollment.pk, by=request.user)
    except RefusedError as refusal:
        form.add_error("currency" if refusal.code == "currency" else None, refusal)
        return None
    messages.success(request, _thanks(row))
    return redirect("enrollment", pk=enrollment.pk)


def _payout(option: Option | None) -> PayoutProfile | None:
    return option.profile if option and isinstance(option.profile, PayoutProfile) else None


def _tax(option: Option | None) -> TaxProfile | None:
    return option.profile if option and isinstance(option.profile, TaxProfile) else None


def _thanks(row: Enrollment) -> str:
    if row.status == Status.ENROLLED:
        return _("Enrolled. Both profiles were validated already.")
    return worded(_("Submitted. {operator} validates your bank and tax information within 48 hours."))


def _where_missing(enrollment: Enrollment, payout: Option | None, tax: Option | None) -> str:
    """The page of exactly what is missing, which leads back here; empty when nothing is."""
    back = reverse("enroll", args=[enrollment.pk])
    return _missing("payout", payout, {"next": back}) or _missing(
        "tax", tax, {"location": str(enrollment.location_id), "next": back}
    )


def _missing(kind: Literal["payout", "tax"], option: Option | None, query: dict[str, str]) -> str:
    if option is None:
        return f"{reverse(f'{kind}_new')}?{urlencode(query)}"
    if option.mend:
        anchor = f"#field-{option.field}" if option.field else ""
        return f"{reverse(f'{kind}_edit', args=[option.value])}?{urlencode({'next': query['next']})}{anchor}"
    return ""


def _context(enrollment: Enrollment, form: EnrollForm) -> dict[str, object]:
    payout, tax, _currency = form.chosen
    back = {"next": reverse("enroll", args=[enrollment.pk])}
    return {
        "enrollment": enrollment,
        "form": form,
        "choices": form.choices,
        "is_complete": not _where_missing(enrollment, payout, tax),
        "lacks_payout": payout is None,
        "lacks_tax": tax is None,
        "to_mend": [one for one in (payout, tax) if one and one.mend],
        "at_once": bool(payout and tax and payout.standing == tax.standing == Standing.APPROVED and not tax.mend),
        "new_payout_url": f"{reverse('payout_new')}?{urlencode(back)}",
        "new_tax_url": f"{reverse('tax_new')}?{urlencode({'location': str(enrollment.location_id), **back})}",
    }
