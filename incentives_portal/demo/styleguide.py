"""Every component of the design language in every state, on one page."""

import datetime as dt

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from enrollment.status import ShownStatus
from incentives_portal.core import clock

BANK_PROFILES = [
    ("main", "Main account\nSEB · SE •••• 7829 · SEK, EUR"),
    ("euro", "Euro account\nDeutsche Bank · DE •••• 1120 · EUR"),
]
STATUS_LABELS = {
    ShownStatus.INVITED: _("Invited"),
    ShownStatus.ACTION_REQUIRED: _("Action required"),
    ShownStatus.VALIDATING: _("Validating enrollment"),
    ShownStatus.ENROLLED: _("Enrolled"),
    ShownStatus.ENROLLING: _("Enrolling"),
    ShownStatus.INACTIVE: _("Inactive"),
    ShownStatus.NOT_ELIGIBLE: _("Not eligible"),
    ShownStatus.DISCONTINUED: _("Discontinued"),
}


class SpecimenForm(forms.Form):
    """One field of each kind."""

    holder = forms.CharField(
        label="Account holder",
        help_text="Exactly as it stands at the bank.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    iban = forms.CharField(label="IBAN", widget=forms.TextInput(attrs={"class": "code", "spellcheck": "false"}))
    country = forms.ChoiceField(label="Bank country", choices=[("", "Choose a country"), ("SE", "Sweden"), ("DE", "Germany")])
    profile = forms.ChoiceField(label="Payout profile", choices=BANK_PROFILES, widget=forms.RadioSelect)
    method = forms.ChoiceField(
        label="Payment method", choices=[("bank", "Bank transfer"), ("note", "Credit note")], widget=forms.RadioSelect
    )
    locations = forms.MultipleChoiceField(
        label="Locations",
        choices=[("1", "Contoso Malmö (4010221)"), ("2", "Contoso Lund (4010222)")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Only those that you may enroll.",
    )
    expires = forms.DateField(label="Expires on", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    document = forms.FileField(label="Signed form", required=False, help_text="PDF, at most 5 MB.")
    note = forms.CharField(label="Note to the reviewer", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    sure = forms.BooleanField(label="I am allowed to give these details for the company")


def styleguide(request: HttpRequest) -> HttpResponse:
    """`?errors=1` shows the form as it comes back with mistakes."""
    now = clock.now()
    failed = {"holder": "", "iban": "SE00", "profile": "", "method": "bank", "country": ""}
    form = SpecimenForm(failed) if request.GET.get("errors") else SpecimenForm(initial={"profile": "main", "method": "bank"})
    context = {
        "form": form,
        "statuses": [(value.value, label) for value, label in STATUS_LABELS.items()],
        "page": Paginator(range(137), 50).page(2),
        "now": now,
        "due": now + dt.timedelta(hours=31),
        "sent": now - dt.timedelta(hours=17),
        "late": now - dt.timedelta(hours=5),
        "earlier": now - dt.timedelta(days=3),
    }
    return render(request, "demo/styleguide.html", context)
