"""What makes one tax identifier right (rule TAX-1). Each rule returns the number as stored, prefix included."""

import re
from functools import cache

from stdnum import exceptions
from stdnum.eu import vat as eu_vat
from stdnum.util import get_cc_module

from .characters import RefusedError
from .tax import COMPANY, EU, SOLE_TRADER, fields_for
from .tax_countries import ONE_NUMBER

_module = cache(get_cc_module)
# `us.tin` isn't among them: it accepts nine digits of nearly any kind.
MODULES: dict[tuple[str, str], str] = {
    ("abn", "AU"): "abn",
    ("bn", "CA"): "bn",
    ("cn", "JP"): "cn",
    ("cnpj", "BR"): "cnpj",
    ("cpf", "BR"): "cpf",
    ("ein", "US"): "ein",
    ("gstin", "IN"): "gstin",
    ("idnr", "IL"): "idnr",
    ("ird", "NZ"): "ird",
    ("itin", "US"): "itin",
    ("kennitala", "IS"): "kennitala",
    ("orgnr", "NO"): "orgnr",
    ("orgnr", "SE"): "orgnr",
    ("pan", "IN"): "pan",
    ("rfc", "MX"): "rfc",
    ("rntrc", "UA"): "rntrc",
    ("sin", "CA"): "sin",
    ("ssn", "US"): "ssn",
    ("tckimlik", "TR"): "tckimlik",
    ("tin", "ZA"): "tin",
    ("uen", "SG"): "uen",
    ("uid", "CH"): "uid",
    ("utr", "GB"): "utr",
    ("vat", "CH"): "vat",
    ("vat", "GB"): "vat",
    ("vat", "IS"): "vsk",
    ("vat", "MC"): "tva",
    ("vat", "NO"): "mva",
} | {(kind, country): kind for country, kind in ONE_NUMBER.items()}
FORMATS = {
    ("br", "HK"): r"\d{8}",
    ("gst", "SG"): r"M[A-Z0-9]\d{7}[A-Z0-9]|\d{8,9}[A-Z]|[TSR]\d{2}[A-Z]{2}\d{4}[A-Z]",
    ("invoice", "JP"): r"T\d{13}",
    ("trn", "AE"): r"100\d{12}",
    ("vat", "ZA"): r"4\d{9}",
}
# Without the homoclave, an RFC names nobody for certain.
RFC_LENGTH = 12
# Northern Ireland's prefix isn't a country of its own, but written like one.
BRITISH = frozenset({"GB", "IM", "XI"})
# Kinds whose refusals have texts of their own; the others share those of any tax number.
NAMED = frozenset({"ein", "ssn", "itin", "vat", "orgnr"})


def check_tax_number(kind: str, number: str, country: str) -> str:
    """The number as stored. Raises RefusedError."""
    if kind == "orgnr" and country == "SE":
        number = _without_century(number)
    if kind == "vat" and country == "NO" and number[-3:] != "MVA":
        number += "MVA"
    if kind == "vat" and (country in EU or country in BRITISH):
        return _check_vat(number, country)
    if (kind, country) in MODULES:
        return _check_by_module(kind, number, country)
    if (kind, country) in FORMATS:
        return _check_format(FORMATS[kind, country], number)
    if kind == "tin":
        return _check_as_any_of(_own_kinds(country), number, country)
    raise RefusedError("not_used_in_country")


def _own_kinds(country: str) -> tuple[str, ...]:
    """The kinds that a country's companies and people are known by, empty where it has no name for them but this one."""
    fields = (*fields_for(country, COMPANY), *fields_for(country, SOLE_TRADER))
    own = tuple(dict.fromkeys(field.kind for field in fields if field.required or field.any_of))
    return () if "tin" in own else own


def _check_as_any_of(kinds: tuple[str, ...], number: str, country: str) -> str:
    """The number as the first kind that accepts it; refused as the first of them refuses it."""
    refusals = []
    for kind in kinds:
        try:
            return check_tax_number(kind, number, country)
        except RefusedError as refused:
            refusals.append(refused)
    if refusals:
        raise refusals[0]
    return _check_any(number)


def _without_century(number: str) -> str:
    """Ten digits of twelve: people write their year in full, and the tax agency puts 16 before companies' numbers."""
    return number[2:] if re.fullmatch(r"(16|19|20)\d{10}", number) else number


def _check_vat(number: str, country: str) -> str:
    """With its country prefix, which may be left out when typing; Greece writes EL, Northern Ireland XI."""
    prefix = "EL" if country == "GR" else country
    if country in BRITISH:
        prefix = "XI" if country == "XI" else "GB"
    allowed = {"GB", "XI"} if country in BRITISH else {prefix}
    if number[:2] not in allowed:
        if re.match(r"[A-Z]{2}", number) and number[:2].lower() in {*eu_vat.MEMBER_STATES, "el", "gb"}:
            raise RefusedError("vat_country", prefix)
        number = prefix + number
    try:
        if country in EU:
            return eu_vat.validate(number)
        return number[:2] + _check_by_module("vat", number[2:], "GB")
    except exceptions.ValidationError as error:
        raise _refusal("vat", error) from None


def _check_by_module(kind: str, number: str, country: str) -> str:
    module = _module(country.lower(), MODULES[kind, country])
    assert module is not None
    try:
        checked: str = module.validate(number)
    except exceptions.ValidationError as error:
        raise _refusal(kind, error) from None
    if kind == "rfc" and len(checked) < RFC_LENGTH:
        raise RefusedError("tax_number_format")
    return checked


def _refusal(kind: str, error: exceptions.ValidationError) -> RefusedError:
    name = kind if kind in NAMED else "tax_number"
    if isinstance(error, exceptions.InvalidChecksum):
        return RefusedError(f"{name}_checksum")
    if isinstance(error, exceptions.InvalidComponent) and kind == "ein":
        return RefusedError("ein_prefix")
    return RefusedError(f"{name}_format")


def _check_format(pattern: str, number: str) -> str:
    if not re.fullmatch(pattern, number):
        raise RefusedError("tax_number_format")
    return number


def _check_any(number: str) -> str:
    """Where the country's rule isn't known: 5 to 20 letters and digits, some digits among them, not one digit all over."""
    digits = [char for char in number if char.isdecimal()]
    if not re.fullmatch(r"[A-Z0-9]{5,20}", number) or len(digits) < 3 or len(set(number)) == 1:
        raise RefusedError("tax_number_format")
    return number
