"""Which identifiers the bank details of a country consist of (rule PAY-1).

Countries of the official IBAN registry use the IBAN; a BIC is asked for where it can't be derived. The United Kingdom, its
neighbours with British banks, and Brazil take the numbers that stand on their statements as well as the IBAN, which few
people there know. Countries without IBANs and without a row of their own give an account number and a BIC.
"""

from dataclasses import replace
from functools import lru_cache

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from schwifty import registry
from schwifty.exceptions import InvalidCountryCode

from .asking import BankField as BankField
from .bank_countries import BIC, DOMESTIC, ELSEWHERE, NUMBERED_BY, OPTIONAL_BIC
from .bank_countries import CLEARED_IN as CLEARED_IN
from .iban_examples import IBAN_EXAMPLES

CREDIT_NOTE = "credit_note"
LOCAL_WAY, IBAN_WAY = "local", "iban"
# What names a bank or a kind of account, and nobody's account: it may be shown.
SHOWN_WHOLE = frozenset({"bic", "account_type"})


@lru_cache(maxsize=1_000)
def fields_for(country: str, payment_method: str) -> tuple[BankField, ...]:
    """What to ask for, in the order to ask. A credit note needs no account."""
    if payment_method == CREDIT_NOTE:
        return ()
    if country in DOMESTIC:
        return _either_way(country) if uses_iban(country) else DOMESTIC[country]
    return _iban_fields(country) if uses_iban(country) else ELSEWHERE


def iban_country(country: str) -> str:
    """The country that the IBANs of banks in `country` begin with."""
    return NUMBERED_BY.get(country, country)


def uses_iban(country: str) -> bool:
    """Whether the official registry has an IBAN for the country; formats that are only proposed don't count."""
    try:
        return not registry.get_iban_spec(iban_country(country)).aspirational
    except InvalidCountryCode:
        return False


def needs_bic(country: str) -> bool:
    """Whether a BIC must be given beside an IBAN: not within SEPA, nor where the banks of the country are known by number."""
    prefix = iban_country(country)
    return not registry.get_iban_spec(prefix).in_sepa_zone and prefix not in registry.get_countries()


def ways_of(fields: tuple[BankField, ...]) -> tuple[str, ...]:
    """The ways to name an account, in order; empty where there is only one."""
    return tuple(dict.fromkeys(field.way for field in fields if field.way))


def _iban_field(country: str) -> BankField:
    prefix = iban_country(country)
    hint = format_lazy(
        _("{length} characters, beginning with {prefix}, for example {example}"),
        length=registry.get_iban_spec(prefix).iban_length,
        prefix=prefix,
        example=in_fours(IBAN_EXAMPLES.get(prefix, "")),
    )
    return BankField("iban", _("IBAN"), hint, max_length=50)


def _iban_fields(country: str) -> tuple[BankField, ...]:
    return _iban_field(country), BIC if needs_bic(country) else OPTIONAL_BIC


def _either_way(country: str) -> tuple[BankField, ...]:
    domestic = tuple(replace(field, way=LOCAL_WAY) for field in DOMESTIC[country])
    return (*domestic, replace(_iban_field(country), way=IBAN_WAY), OPTIONAL_BIC)


def in_fours(iban: str) -> str:
    """An IBAN as people write it, in groups of four."""
    return " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
