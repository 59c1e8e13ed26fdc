from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Location
from profiles import currencies
from profiles.models import DefaultBankProfile, PayoutProfile


class DefaultsForm(forms.Form):
    """A payout profile and a currency for a set of locations (rule PAY-2)."""

    payout_profile = forms.ModelChoiceField(label=_("Payout profile"), queryset=PayoutProfile.objects.none(), empty_label=None)
    currency = forms.ChoiceField(label=_("Currency"), choices=currencies.choices)
    locations = forms.ModelMultipleChoiceField(
        label=_("Locations"), queryset=Location.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, profiles: Any, locations: Any, defaults: Iterable[DefaultBankProfile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = {default.location_id: default for default in defaults}

        def label(location: Location) -> str:
            default = now.get(location.pk)
            if default is None:
                return str(location)
            return _("%(location)s – now %(profile)s, %(currency)s") % {
                "location": location,
                "profile": default.payout_profile.name,
                "currency": default.currency,
            }

        fields: dict[str, Any] = self.fields
        fields["payout_profile"].queryset = profiles
        fields["locations"].queryset = locations
        fields["locations"].label_from_instance = label
