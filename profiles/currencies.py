"""The currencies that are paid: their names in the reader's language, and which of them reach an account."""

from babel.numbers import get_currency_name, get_territory_currencies
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from profiles.identifiers.bank import CLEARED_IN, CREDIT_NOTE
from profiles.models import PayoutProfileVersion

# What paying entities pay in. A program further narrows it.
CURRENCIES = (
    "AUD",
    "BRL",
    "CAD",
    "CHF",
    "DKK",
    "EUR",
    "GBP",
    "INR",
    "JPY",
    "MXN",
    "NOK",
    "NZD",
    "PLN",
    "SEK",
    "SGD",
    "USD",
    "ZAR",
)

# Currencies that no bank outside their country takes in: they aren't traded there.
ONLY_AT_HOME = {"BRL": "BR", "INR": "IN"}


def choices() -> list[tuple[str, str]]:
    """Code and name of each, for a form."""
    return [(code, f"{code} – {get_currency_name(code, locale=get_language() or 'en')}") for code in CURRENCIES]


def usual_in(country: str) -> str:
    """The currency of a country where it is one of ours, else the euro."""
    return next((code for code in get_territory_currencies(country) if code in CURRENCIES), "EUR")


def why_not(currency: str, version: PayoutProfileVersion) -> str:
    """Why an account can't be paid in a currency and what to do about it, or nothing where it can (rule PAY-1).

    An account that is known by its domestic numbers alone is reached by the country's own clearing, hence in its currency.
    """
    if not currency or version.payment_method == CREDIT_NOTE:
        return ""
    country = str(version.bank_country)
    home = CLEARED_IN.get(country)
    names = {"currency": currency, "home": home, "country": version.bank_country.name}
    if home and currency != home and not {"iban", "bic"} & set(version.shown):
        text = _(
            "Without a BIC, this account in %(country)s can only be paid in %(home)s. Choose %(home)s, or add the BIC to the profile."
        )
        return text % names
    if ONLY_AT_HOME.get(currency, country) != country:
        text = _("%(currency)s can't be sent to a bank in %(country)s. Choose another currency, or an account where it is used.")
        return text % names
    return ""
