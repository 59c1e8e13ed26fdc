import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incentives_portal.core import clock
from profiles import paying_entities
from profiles.country_choices import country_choices
from profiles.identifiers import tax
from profiles.identifiers.checking import Finding, check_tax_numbers
from profiles.models import FormKind, TaxClassification, TaxProfile
from profiles.services.taxes import Residence

from .numbers import NumbersForm
from .text import TextField

TEXTS = ("legal_name", "street", "postal_code", "city")


class TaxForm(NumbersForm):
    """How a location is taxed (rule TAX-1)."""

    deciding = ("country", "classification")
    check_url = "tax_check"

    name = TextField(label=_("Profile name"), max_length=100, help_text=_("For yourselves"))
    legal_name = TextField(label=_("Legal name"), max_length=200, help_text=_("Exactly as registered"))
    street = TextField(label=_("Street address"), max_length=200)
    postal_code = TextField(label=_("Postal code"), max_length=20, required=False)
    city = TextField(label=_("City"), max_length=100)
    country = forms.ChoiceField(label=_("Country of tax residence"), choices=country_choices)
    classification = forms.ChoiceField(label=_("Tax classification"), choices=TaxClassification.choices)
    form_kind = forms.ChoiceField(label=_("How this location is paid, and the tax form that follows"), widget=forms.RadioSelect)
    expires_on = forms.DateField(
        label=_("Valid until"),
        required=False,
        help_text=_("The last day that the form is good for; leave empty if it doesn't expire"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country, classification = self.chosen
        field: Any = self.fields["form_kind"]
        field.choices = form_kinds_for(country, classification)
        field.help_text = _paid_by(country)
        if len(field.choices) == 1:
            field.initial = field.choices[0][0]

    def clean_expires_on(self) -> dt.date | None:
        """A new form is good for a while yet; an old date that was saved so may stay."""
        day: dt.date | None = self.cleaned_data["expires_on"]
        if day and day != self.initial.get("expires_on") and day < clock.today():
            raise ValidationError(_("This date has passed. State the last day of the form that is in force."), code="past")
        return day

    def numbers_for(self, first: str, second: str) -> Sequence[tax.TaxField]:
        return tax.fields_for(first, second)

    def check(self, values: Mapping[str, str]) -> dict[str, Finding]:
        country, classification = self.chosen
        return check_tax_numbers(values, country=country, classification=classification)

    @property
    def details(self) -> dict[str, Any]:
        """What the services take."""
        names = (*TEXTS, "country", "classification", "form_kind", "expires_on")
        residence = Residence(**{name: self.cleaned_data[name] for name in names})
        return {"name": self.cleaned_data["name"], "residence": residence, "identifiers": self.good}


# What leads to each form: who pays, and for whom the money is.
WAYS_TO_BE_PAID: dict[str, Promise] = {
    FormKind.W9: _("W-9: a person or company of the United States"),
    FormKind.LOCAL: _("No United States form: paid only by paying entities outside the United States"),
    FormKind.W8BEN: _("W-8BEN: paid by an entity in the United States, for one's own work or goods"),
    FormKind.W8BENE: _("W-8BEN-E: paid by an entity in the United States, and the money is the organization's own"),
    FormKind.W8ECI: _("W-8ECI: paid by an entity in the United States, as income of a business that is run there"),
    FormKind.W8EXP: _(
        "W-8EXP: paid by an entity in the United States, as a government, central bank or foundation exempt from tax there"
    ),
    FormKind.W8IMY: _("W-8IMY: paid by an entity in the United States on behalf of others, as intermediary or partnership"),
}


def form_kinds_for(country: str, classification: str) -> list[tuple[str, str]]:
    """The forms that somebody of this country and classification can file, each with what leads to it."""
    kinds = [kind for from_us in (False, True) for kind in tax.forms_for(country, classification, paying_entity_is_us=from_us)]
    return [(kind, str(WAYS_TO_BE_PAID[kind])) for kind in dict.fromkeys(kinds)]


def _paid_by(country: str) -> str:
    if country == "US":
        return ""
    names = ", ".join(paying_entities.of_the_united_states())
    if not names:
        return ""
    return _("Paying entities in the United States are: %(names)s. Each program's page names its own.") % {"names": names}


def initial_of(profile: TaxProfile) -> dict[str, Any]:
    """What an edit form begins with; no number is among it."""
    version = profile.latest
    assert version is not None
    texts = {name: getattr(version, name) for name in (*TEXTS, "expires_on")}
    choices = {name: str(getattr(version, name)) for name in ("country", "classification", "form_kind")}
    return texts | choices | {"name": profile.name, "seen": version.number}
