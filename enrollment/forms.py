"""The forms of enrolling: one enrollment, and many at once."""

from collections.abc import Iterable
from typing import Any

from babel import Locale
from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enrollment.bulk import Act, Choice
from enrollment.models import Enrollment
from enrollment.queries.choices import Choices, Option
from profiles.models import PaymentMethod, PayoutProfile


class EnrollForm(forms.Form):
    """Payout profile, tax profile and currency; each may stay open, because leaving in between loses nothing (rule ENR-2)."""

    payout_profile = forms.ChoiceField(label=_("Payout profile"), widget=forms.RadioSelect, required=False)
    tax_profile = forms.ChoiceField(label=_("Tax profile"), widget=forms.RadioSelect, required=False)
    currency = forms.ChoiceField(label=_("Currency"), widget=forms.RadioSelect, required=False)

    def __init__(self, *args: Any, choices: Choices, enrollment: Enrollment, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": _initial(choices, enrollment), **kwargs})
        self.choices = choices
        self._offer("payout_profile", [(one.value, one.label) for one in choices.payouts])
        self._offer("tax_profile", [(one.value, one.label) for one in choices.taxes])
        self._offer("currency", [(code, currency_label(code)) for code in choices.currencies])

    def _offer(self, name: str, pairs: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = pairs
        field.error_messages["invalid_choice"] = _("That can no longer be chosen. Choose another one.")

    @property
    def chosen(self) -> tuple[Option | None, Option | None, str]:
        """What is chosen, once valid; before that, what is preselected."""
        values = self.cleaned_data if self.is_bound and self.is_valid() else self.initial
        payout, tax = values.get("payout_profile", ""), values.get("tax_profile", "")
        return self.choices.payout(payout), self.choices.tax(tax), values.get("currency", "")


def _initial(choices: Choices, enrollment: Enrollment) -> dict[str, str]:
    """What was chosen before; else the default bank profile, else the only one there is."""
    payout = choices.payout(str(enrollment.payout_profile_id)) or choices.default
    tax = choices.tax(str(enrollment.tax_profile_id))
    if payout is None and len(choices.payouts) == 1:
        payout = choices.payouts[0]
    if tax is None and len(choices.taxes) == 1:
        tax = choices.taxes[0]
    only = choices.currencies[0] if len(choices.currencies) == 1 else ""
    return {
        "payout_profile": payout.value if payout else "",
        "tax_profile": tax.value if tax else "",
        "currency": enrollment.currency or choices.default_currency or only,
    }


def currency_label(code: str) -> str:
    """The code and the currency's name in the language of the page: *SEK, Swedish krona*."""
    name = Locale.parse(get_language() or "en", sep="-").currencies.get(code)
    return f"{code}, {name}" if name else code


DEFAULT, LATER = "default", "later"
EACH_DEFAULT, STAYS = _("Each location's default bank profile"), _("Where something is chosen already, that stays.")
NOTHING_YET, CHOSEN_LATER = _("Nothing yet: only accept"), _("The profiles are chosen later, for each by itself.")


class ManyForm(forms.Form):
    """What is chosen for many at once (rule ENR-5): each location's default, one profile for all, or nothing yet."""

    how = forms.ChoiceField(label=_("Paid to"), widget=forms.RadioSelect, initial=DEFAULT, required=False)
    currency = forms.ChoiceField(label=_("Currency"), required=False)

    def __init__(self, *args: Any, profiles: Iterable[PayoutProfile], currencies: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._profiles = {str(profile.pk): profile for profile in profiles}
        how, currency = self.fields["how"], self.fields["currency"]
        assert isinstance(how, forms.ChoiceField) and isinstance(currency, forms.ChoiceField)
        how.choices = [
            (DEFAULT, "\n".join([str(EACH_DEFAULT), str(STAYS)])),
            *((pk, _described(profile)) for pk, profile in self._profiles.items()),
            (LATER, "\n".join([str(NOTHING_YET), str(CHOSEN_LATER)])),
        ]
        currency.choices = [("", _("The one that goes with it")), *((code, currency_label(code)) for code in currencies)]
        for field in (how, currency):
            field.error_messages["invalid_choice"] = _("That can no longer be chosen. Choose another one.")

    @property
    def choice(self) -> Choice:
        """What the form says; what makes no sense counts as the default, and the form says so."""
        values = self.cleaned_data if self.is_bound and self.is_valid() else {}
        how, currency = values.get("how", DEFAULT), values.get("currency", "")
        if how == LATER:
            return Choice(Act.ACCEPT)
        profile = self._profiles.get(how)
        return Choice(Act.ENROLL, profile.pk if profile else None, currency)


def _described(profile: PayoutProfile) -> str:
    """The profile in two lines: its name, and its account as lists may show it."""
    latest = profile.latest
    assert latest is not None
    number = next((latest.shown[kind] for kind in ("iban", "account", "clabe") if kind in latest.shown), "")
    parts = [str(PaymentMethod(latest.payment_method).label), latest.bank_name, number]
    return f"{profile}\n{' · '.join(part for part in parts if part)}"
