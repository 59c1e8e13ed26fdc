"""What program managers type about a program. The rules are the services'; the forms read, and keep what was typed."""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Collection
from typing import Any

from babel.numbers import list_currencies
from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.models import FiscalYearOffer, Program
from enrollment.services.programs import Window
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.visible import visible_text
from profiles.models import PaymentMethod

KNOWN_CURRENCIES = frozenset(list_currencies())
COLUMNS = (
    "name_en",
    "name_sv",
    "description_en",
    "description_sv",
    "paying_entity",
    "currencies",
    "payment_methods",
    "response_days",
    "inviting",
)


def seal(values: Any) -> str:
    """A short name for what a page showed, so that a stale one overwrites nobody's change unknowingly."""
    return hashlib.sha256(json.dumps(values, default=str, sort_keys=True).encode()).hexdigest()[:16]


class CurrencyList(forms.CharField):
    """Currency codes, separated by commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        codes = list(dict.fromkeys(filter(None, re.split(r"[\s,;]+", str(super().clean(value)).upper()))))
        unknown = [code for code in codes if code not in KNOWN_CURRENCIES]
        if unknown:
            raise forms.ValidationError(
                gettext("No currency is written %(codes)s; write three letters, such as EUR.") % {"codes": ", ".join(unknown)[:80]}
            )
        return codes


class Remembering(forms.Form):
    """A form that comes back with some hidden entries changed and everything else as it was typed."""

    def keep(self, **entries: str) -> None:
        """Sets what the hidden fields carry when the form is shown again."""
        typed = QueryDict(mutable=True)
        typed.update(self.data)
        for name, value in entries.items():
            typed[name] = value
        self.data = typed


class TermsForm(Remembering):
    """Texts in both languages, and how the program pays and invites."""

    name_en = forms.CharField(label=_("Name in English"), max_length=120, validators=[visible_text])
    name_sv = forms.CharField(label=_("Name in Swedish"), max_length=120, validators=[visible_text])
    description_en = forms.CharField(
        label=_("Description in English"), max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    description_sv = forms.CharField(
        label=_("Description in Swedish"), max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    paying_entity = forms.CharField(
        label=_("Paying entity"),
        max_length=200,
        help_text=_("The company that pays, and for which profiles are validated."),
        validators=[visible_text],
    )
    currencies = CurrencyList(label=_("Currencies"), max_length=400, help_text=_("Codes separated by commas, such as SEK, EUR."))
    payment_methods = forms.MultipleChoiceField(
        label=_("Payment methods"), choices=PaymentMethod.choices, widget=forms.CheckboxSelectMultiple
    )
    response_days = forms.IntegerField(
        label=_("Days to respond"),
        required=False,
        min_value=1,
        max_value=365,
        help_text=_("So many days after its invitation a location must have answered. Leave empty for no deadline."),
    )
    inviting = forms.ChoiceField(label=_("Invitations"), choices=Program.Inviting.choices, widget=forms.RadioSelect)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    @staticmethod
    def initial_of(program: Program | None) -> dict[str, Any]:
        """What stands now, and its name."""
        if program is None:
            return {"inviting": Program.Inviting.DAILY, "payment_methods": [PaymentMethod.BANK_TRANSFER]}
        values = {name: getattr(program, name) for name in COLUMNS}
        return values | {"seen": seal(values)}

    def values(self) -> dict[str, Any]:
        """The columns as they are asked for."""
        return {name: self.cleaned_data[name] for name in COLUMNS}


class NewProgramForm(TermsForm):
    """A program that doesn't exist yet, by its code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("Short and for ever: it stands in addresses, roles and files."),
        validators=[RegexValidator(r"\A[A-Za-z0-9][A-Za-z0-9_-]*\Z", _("Letters, digits, hyphens and underscores only."))],
    )
    field_order = ["code"]

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if code.lower() == "new":
            raise forms.ValidationError(gettext("This word is taken by the portal. Choose another code."))
        return code


class YearsForm(Remembering):
    """The fiscal years that a program is offered in: those that it has been, this one, and the two that follow."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, offers: Collection[FiscalYearOffer], this_year: FiscalYear, **kwargs: Any) -> None:
        self.held: dict[int, Window] = {one.fiscal_year: (one.opens_on, one.closes_on) for one in offers}
        self.years = sorted({*self.held, *(this_year.ends_in + later for later in range(3))})
        initial: dict[str, Any] = {"seen": self.seal}
        for year in self.years:
            opens_on, closes_on = self.held.get(year, (None, None))
            initial |= {f"y{year}": year in self.held, f"y{year}-opens": opens_on, f"y{year}-closes": closes_on}
        super().__init__(*args, **kwargs | {"initial": initial})
        for year in self.years:
            self.fields[f"y{year}"] = forms.BooleanField(
                label=_("Offered in %(year)s") % {"year": FiscalYear(year)}, required=False
            )
            for name, label in (("opens", _("Opens on")), ("closes", _("Last day"))):
                self.fields[f"y{year}-{name}"] = forms.DateField(
                    label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
                )

    @property
    def seal(self) -> str:
        return seal(sorted((year, str(window)) for year, window in self.held.items()))

    def rows(self) -> list[tuple[FiscalYear, Any, Any, Any]]:
        """Year by year: the year, and its three fields."""
        return [(FiscalYear(year), self[f"y{year}"], self[f"y{year}-opens"], self[f"y{year}-closes"]) for year in self.years]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        for year in self.years:
            opens, closes = given.get(f"y{year}-opens"), given.get(f"y{year}-closes")
            if opens and closes and closes < opens:
                self.add_error(f"y{year}-closes", gettext("The last day lies before the first."))
            if closes and closes > FiscalYear(year).last_day:
                self.add_error(f"y{year}-closes", gettext("This day lies after the fiscal year."))
        return given

    def offers(self) -> dict[int, Window]:
        """What `programs.offer` takes."""
        given = self.cleaned_data
        return {year: (given[f"y{year}-opens"], given[f"y{year}-closes"]) for year in self.years if given[f"y{year}"]}


class DiscontinueForm(forms.Form):
    """The last day on which a program is offered."""

    last_day = forms.DateField(
        label=_("Last day on which the program is offered"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_last_day(self) -> dt.date:
        day: dt.date = self.cleaned_data["last_day"]
        if day < self.today:
            raise forms.ValidationError(gettext("Choose today or a later day: the past stays as it was."))
        return day


class GuideForm(forms.Form):
    """A new version of a program's guide."""

    language = forms.ChoiceField(
        label=_("Language"), choices=[("en", _("English")), ("sv", _("Swedish"))], widget=forms.RadioSelect
    )
    file = forms.FileField(
        label=_("PDF"),
        help_text=_("Up to 5 MB and 30 pages. Older versions are kept."),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,application/pdf"}),
    )
