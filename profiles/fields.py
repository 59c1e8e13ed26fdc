"""The fields of a profile, with their labels: what a form asks, a review shows and a rejection names (rule VAL-3)."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from profiles.identifiers import bank, tax
from profiles.models import PayoutProfileVersion, TaxProfileVersion

AnyVersion = PayoutProfileVersion | TaxProfileVersion
Label = str | Promise

PAYOUT: dict[str, Label] = {
    "payment_method": _("Payment method"),
    "bank_country": _("Country of the bank"),
    "account_holder": _("Account holder"),
}
TAX: dict[str, Label] = {
    "legal_name": _("Legal name"),
    "street": _("Street address"),
    "postal_code": _("Postal code"),
    "city": _("City"),
    "country": _("Country of tax residence"),
    "classification": _("Tax classification"),
    "form_kind": _("Tax form"),
    "expires_on": _("Valid until"),
}


def identifier_labels(version: AnyVersion) -> dict[str, Label]:
    """The identifiers that this version's country asks for, in the order to ask."""
    if isinstance(version, PayoutProfileVersion):
        return {field.kind: field.label for field in _bank_fields(version)}
    return {field.kind: field.label for field in tax.fields_for(str(version.country), version.classification)}


def _bank_fields(version: PayoutProfileVersion) -> tuple[bank.BankField, ...]:
    return bank.fields_for(str(version.bank_country), version.payment_method)


def shown_as(version: AnyVersion, kind: str) -> str:
    """An identifier as a page may show it: masked, or in words where it was chosen from a list."""
    shown = str(version.shown[kind])
    fields = _bank_fields(version) if isinstance(version, PayoutProfileVersion) else ()
    return next((str(dict(field.choices)[shown]) for field in fields if field.kind == kind and shown in dict(field.choices)), shown)


def labels_of(version: AnyVersion) -> Mapping[str, Label]:
    """Every field of this version that a reviewer can reject."""
    return (PAYOUT if isinstance(version, PayoutProfileVersion) else TAX) | identifier_labels(version)
