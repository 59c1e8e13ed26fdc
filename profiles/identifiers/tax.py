"""Which tax identifiers a country uses, and which form its companies and people file (rule TAX-1), as tables."""

from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from stdnum.eu.vat import MEMBER_STATES

SOLE_TRADER = "sole_trader"
EU = frozenset(code.upper() for code in MEMBER_STATES) - {"XI"}


@dataclass(frozen=True, slots=True)
class TaxField:
    """One identifier to ask for. Of the fields that share an `any_of`, at least one must be given."""

    kind: str
    label: str | Promise
    hint: str | Promise = ""
    required: bool = True
    any_of: str = ""
    max_length: int = 40


def _field(kind: str, label: str | Promise, example: str) -> TaxField:
    return TaxField(kind, label, format_lazy(_("For example {example}"), example=example))


def _optional(field: TaxField) -> TaxField:
    return replace(field, required=False)


def _either(*fields: TaxField) -> tuple[TaxField, ...]:
    return tuple(replace(field, required=False, any_of="number") for field in fields)


TIN = TaxField("tin", _("Tax identification number"), _("As on letters from the tax authority"))
EIN = _field("ein", _("Employer Identification Number (EIN)"), "91-1144442")
SSN = _field("ssn", _("Social Security Number (SSN)"), "536-90-4399")
ITIN = _field("itin", _("Individual Taxpayer Identification Number (ITIN)"), "912-90-3456")
ORGNR_SE = _field("orgnr", _("Organisation number (organisationsnummer)"), "123456-7897")
ORGNR_NO = _field("orgnr", _("Organisation number (organisasjonsnummer)"), "988 077 917")
VAT = _field("vat", _("VAT number"), "FR 61 954 506 077")
UTR = _field("utr", _("Unique Taxpayer Reference (UTR)"), "1955839661")

BY_COUNTRY: dict[str, tuple[TaxField, ...]] = {
    "AE": (_field("trn", _("Tax Registration Number (TRN)"), "100 1234 5678 9003"),),
    "AU": (_field("abn", _("Australian Business Number (ABN)"), "83 914 571 673"),),
    "BR": (_field("cnpj", _("CNPJ"), "16.727.230/0001-97"),),
    "CA": (_field("bn", _("Business Number (BN)"), "12302 6635 RC 0001"),),
    "CH": (_field("uid", _("Company identification number (UID)"), "CHE-100.155.212"),),
    "GB": _either(UTR, _field("vat", _("VAT number"), "GB 980 7806 84")),
    "HK": (_field("br", _("Business Registration Number"), "12345678"),),
    "IN": (
        _field("pan", _("Permanent Account Number (PAN)"), "ACUPA7085R"),
        _optional(_field("gstin", _("GSTIN"), "27AAPFU0939F1ZV")),
    ),
    "JP": (_field("cn", _("Corporate Number"), "5-8356-7825-6246"),),
    "MX": (_field("rfc", _("RFC"), "MAB-930714-8T4"),),
    "NO": (ORGNR_NO,),
    "NZ": (_field("ird", _("IRD number"), "49-098-576"),),
    "SE": (ORGNR_SE, _optional(_field("vat", _("VAT number"), "SE 123456789701"))),
    "SG": (_field("uen", _("Unique Entity Number (UEN)"), "197401143C"),),
    "US": (EIN,),
    "ZA": (_field("tin", _("Tax reference number"), "0001339050"),),
}
# Whoever trades in their own name has a person's number there.
SOLE_TRADERS: dict[str, tuple[TaxField, ...]] = {
    "BR": _either(_field("cpf", _("CPF"), "390.533.447-05"), *BY_COUNTRY["BR"]),
    "JP": (TIN,),
    "SE": (replace(ORGNR_SE, label=_("Personal or organisation number")), BY_COUNTRY["SE"][1]),
    "US": _either(SSN, ITIN, EIN),
}


def fields_for(country: str, classification: str) -> tuple[TaxField, ...]:
    """What to ask for, in the order to ask; the first is what identifies the taxpayer."""
    if classification == SOLE_TRADER and country in SOLE_TRADERS:
        return SOLE_TRADERS[country]
    if country in BY_COUNTRY:
        return BY_COUNTRY[country]
    return _either(VAT, TIN) if country in EU else (TIN,)


def form_kind_for(country: str, classification: str, paying_entity_is_us: bool) -> str:
    """The form to file: W-9 for US persons, a W-8 for others whom a US entity pays, else the country's own."""
    if country == "US":
        return "W-9"
    if not paying_entity_is_us:
        return "local"
    return "W-8BEN" if classification == SOLE_TRADER else "W-8BEN-E"


def fits(form_kind: str, country: str, classification: str, paying_entity_is_us: bool) -> bool:
    """Whether a form that somebody chose can be right: as `form_kind_for`, or another W-8 than the usual one.

    A W-8 beside what a payer elsewhere needs does no harm; the individual's and the entity's form aren't interchangeable.
    """
    if country == "US" or form_kind == "W-9":
        return form_kind == "W-9" and country == "US"
    if form_kind == "local":
        return not paying_entity_is_us
    return form_kind != ("W-8BEN-E" if classification == SOLE_TRADER else "W-8BEN")
