"""Checking one number while it is typed (rule PAY-3). Numbers come by POST alone, so that no address or log holds one."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, allowed, while_typing
from accounts.roles import Permission
from profiles.account_holders import HolderFinding, about_holder
from profiles.forms.numbers import sentence
from profiles.identifiers.checking import BankInfo, Finding, bank_of, check

LONGEST_HOLDER = 140


@while_typing
@sensitive_post_parameters()
@require_POST
@allowed(Permission.EDIT_PROFILES)
@sensitive_variables()
def payout_check(request: PortalRequest, kind: str) -> HttpResponse:
    """What is known of one bank number: right or wrong and why, the bank's name and BIC. Or how the holder's name stands."""
    if kind == "account_holder":
        return render(request, "profiles/_holder.html", {"holder": holder_finding(request, request.POST.get(kind, ""))})
    country, typed = request.POST.get("bank_country", ""), request.POST.get(kind, "")
    finding = check(kind, typed, country) if typed.strip() else None
    bank = bank_of({kind: finding.value}, country) if finding and finding.ok else BankInfo()
    return _answer(request, finding, bank)


def holder_finding(request: PortalRequest, holder: str) -> HolderFinding | None:
    """How an account holder stands to the legal name of the partner that the page speaks for."""
    assert request.actor.partner is not None
    return about_holder(holder[:LONGEST_HOLDER], request.actor.partner.legal_name)


@while_typing
@sensitive_post_parameters()
@require_POST
@allowed(Permission.EDIT_PROFILES)
@sensitive_variables()
def tax_check(request: PortalRequest, kind: str) -> HttpResponse:
    """Whether one tax number can be right, and if not, why."""
    typed = request.POST.get(kind, "")
    return _answer(request, check(kind, typed, request.POST.get("country", "")) if typed.strip() else None, BankInfo())


def _answer(request: PortalRequest, finding: Finding | None, bank: BankInfo) -> HttpResponse:
    context = {"finding": finding, "bank": bank, "why": sentence(finding) if finding and not finding.ok else ""}
    return render(request, "profiles/_finding.html", context)
