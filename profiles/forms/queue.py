from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from incentives_portal.core.clock import DatabaseNow


class QueueForm(forms.Form):
    """Which part of the reviewers' queue is shown. What can't be read filters nothing."""

    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All")), ("payout", _("Payout profiles")), ("tax", _("Tax profiles"))]
    )
    country = forms.ChoiceField(label=_("Country"), required=False)
    flags = forms.ChoiceField(
        label=_("Flags"),
        required=False,
        choices=[
            ("", _("All")),
            ("some", _("With flags")),
            ("none", _("Without flags")),
            ("second", _("A second reviewer's turn")),
        ],
    )
    mine = forms.BooleanField(label=_("Only mine"), required=False)
    overdue = forms.BooleanField(label=_("Only overdue"), required=False)

    def __init__(self, *args: Any, country_codes: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        named = sorted((str(countries.name(code)), code) for code in country_codes)
        fields["country"].choices = [("", _("All")), *((code, name) for name, code in named)]

    @property
    def chosen(self) -> dict[str, Any]:
        """What is asked for, without what can't be read."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def condition(self, reviewer: Any) -> Q:
        """The filters as a condition on the queue."""
        chosen, found = self.chosen, Q()
        if kind := chosen.get("kind"):
            found &= Q(payout_version__isnull=kind != "payout")
        if country := chosen.get("country"):
            found &= Q(payout_version__bank_country=country) | Q(tax_version__country=country)
        if flags := chosen.get("flags"):
            found &= {"some": Q(flags__gt=0), "none": Q(flags=0), "second": Q(first_approved_by__isnull=False)}[flags]
        if chosen.get("mine"):
            found &= Q(claimed_by=reviewer, claimed_until__gte=DatabaseNow())
        if chosen.get("overdue"):
            found &= Q(due_at__lt=DatabaseNow())
        return found
