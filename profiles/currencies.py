"""The currencies that a default bank profile can name, with their names in the reader's language."""

from babel.numbers import get_currency_name, get_territory_currencies
from django.utils.translation import get_language

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


def choices() -> list[tuple[str, str]]:
    """Code and name of each, for a form."""
    return [(code, f"{code} – {get_currency_name(code, locale=get_language() or 'en')}") for code in CURRENCIES]


def usual_in(country: str) -> str:
    """The currency of a country where it is one of ours, else the euro."""
    return next((code for code in get_territory_currencies(country) if code in CURRENCIES), "EUR")
