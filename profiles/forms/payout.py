from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from profiles.country_choices import country_choices
from profiles.identifiers import bank
from profiles.identifiers.checking import Finding, check_bank_details
from profiles.models import PaymentMethod, PayoutProfile

from .numbers import NumbersForm, checked_while_typing
from .text import TextField


class PayoutForm(NumbersForm):
    """How a partner is paid (rule PAY-1)."""

    deciding = ("bank_country", "payment_method")
    check_url = "payout_check"

    name = TextField(label=_("Profile name"), max_length=100, help_text=_("For yourselves, for example the bank and the currency"))
    payment_method = forms.ChoiceField(label=_("Payment method"), choices=PaymentMethod.choices, widget=forms.RadioSelect)
    bank_country = forms.ChoiceField(label=_("Country of the bank"), choices=country_choices)
    account_holder = TextField(label=_("Account holder"), max_length=140, help_text=_("Exactly as the bank has it"))
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account_holder"].widget.attrs |= checked_while_typing(self.check_url, "account_holder")

    def numbers_for(self, first: str, second: str) -> Sequence[bank.BankField]:
        return bank.fields_for(first, second)

    def check(self, values: Mapping[str, str]) -> dict[str, Finding]:
        country, method = self.chosen
        return check_bank_details(values, country=country, payment_method=method)

    @property
    def details(self) -> dict[str, Any]:
        """What the services take."""
        names = ("name", "payment_method", "bank_country", "account_holder")
        return {name: self.cleaned_data[name] for name in names} | {"identifiers": self.good}


def initial_of(profile: PayoutProfile) -> dict[str, Any]:
    """What an edit form begins with; no number is among it."""
    version = profile.latest
    assert version is not None
    return {
        "name": profile.name,
        "payment_method": str(version.payment_method),
        "bank_country": str(version.bank_country),
        "account_holder": version.account_holder,
        "seen": version.number,
    }
