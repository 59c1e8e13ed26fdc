"""Which tax identifiers a country uses, and which form its companies and people file (rule TAX-1)."""

from stdnum.eu.vat import MEMBER_STATES

from .asking import TaxField as TaxField
from .asking import either
from .tax_countries import BY_COUNTRY, SOLE_TRADERS, TIN, vat_field

COMPANY, SOLE_TRADER = "company", "sole_trader"
# Who can be exempt from United States tax by what they are: governments, central banks, foundations (form W-8EXP).
EXEMPT = frozenset({"public_body", "non_profit"})
EU = frozenset(code.upper() for code in MEMBER_STATES) - {"XI"}


def fields_for(country: str, classification: str) -> tuple[TaxField, ...]:
    """What to ask for, in the order to ask; the first is what identifies the taxpayer."""
    if classification == SOLE_TRADER and country in SOLE_TRADERS:
        return SOLE_TRADERS[country]
    if country in BY_COUNTRY:
        return BY_COUNTRY[country]
    return either(vat_field(country), TIN) if country in EU else (TIN,)


def form_kind_for(country: str, classification: str, paying_entity_is_us: bool) -> str:
    """The usual form: W-9 for US persons, a W-8 for others whom a US entity pays, else the country's own."""
    return forms_for(country, classification, paying_entity_is_us)[0]


def forms_for(country: str, classification: str, paying_entity_is_us: bool) -> tuple[str, ...]:
    """The forms that can be right, the usual one first.

    W-8BEN is the individual's and W-8BEN-E the entity's; W-8ECI is for income that belongs to a business in the United
    States, W-8EXP for those exempt by what they are, W-8IMY for entities that receive payments on behalf of others.
    """
    if country == "US":
        return ("W-9",)
    if not paying_entity_is_us:
        return ("local",)
    if classification == SOLE_TRADER:
        return "W-8BEN", "W-8ECI"
    return "W-8BEN-E", "W-8ECI", *(("W-8EXP",) if classification in EXEMPT else ()), "W-8IMY"


def fits(form_kind: str, country: str, classification: str, paying_entity_is_us: bool) -> bool:
    """Whether a form that somebody chose can be right. A W-8 beside what a payer elsewhere needs does no harm."""
    from_us = forms_for(country, classification, paying_entity_is_us=True)
    return form_kind in from_us or form_kind in forms_for(country, classification, paying_entity_is_us)
