"""The currencies that a default bank profile can name, with their names in the reader's language."""

from babel.numbers import get_currency_name
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
