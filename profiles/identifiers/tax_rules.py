"""What makes one tax identifier right (rule TAX-1). Each rule returns the number as stored, prefix included."""

import re

from stdnum import exceptions
from stdnum.eu import vat as eu_vat
from stdnum.util import get_cc_module

from .characters import RefusedError
from .tax import EU

# `us.tin` isn't among them: it accepts nine digits of nearly any kind.
MODULES: dict[tuple[str, str], str] = {
    ("abn", "AU"): "abn",
    ("bn", "CA"): "bn",
    ("cn", "JP"): "cn",
    ("cnpj", "BR"): "cnpj",
    ("cpf", "BR"): "cpf",
    ("ein", "US"): "ein",
    ("gstin", "IN"): "gstin",
    ("ird", "NZ"): "ird",
    ("itin", "US"): "itin",
    ("orgnr", "NO"): "orgnr",
    ("orgnr", "SE"): "orgnr",
    ("pan", "IN"): "pan",
    ("rfc", "MX"): "rfc",
    ("ssn", "US"): "ssn",
    ("tin", "ZA"): "tin",
    ("uen", "SG"): "uen",
    ("uid", "CH"): "uid",
    ("utr", "GB"): "utr",
    ("vat", "GB"): "vat",
}
FORMATS = {("trn", "AE"): r"100\d{12}", ("br", "HK"): r"\d{8}"}
# Kinds whose refusals have texts of their own; the others share those of any tax number.
NAMED = frozenset({"ein", "ssn", "itin", "vat", "orgnr"})


def check_tax_number(kind: str, number: str, country: str) -> str:
    """The number as stored. Raises RefusedError."""
    if kind == "vat" and (country in EU or country == "GB"):
        return _check_vat(number, country)
    if (kind, country) in MODULES:
        return _check_by_module(kind, number, country)
    if (kind, country) in FORMATS:
        return _check_format(FORMATS[kind, country], number)
    if kind == "tin":
        return _check_any(number)
    raise RefusedError("not_used_in_country")


def _check_vat(number: str, country: str) -> str:
    """With its country prefix, which may be left out when typing; Greece writes EL, Northern Ireland XI."""
    prefix = "EL" if country == "GR" else country
    allowed = {prefix, "XI"} if country == "GB" else {prefix}
    if number[:2] not in allowed:
        if re.match(r"[A-Z]{2}", number) and number[:2].lower() in {*eu_vat.MEMBER_STATES, "el", "gb"}:
            raise RefusedError("vat_country", prefix)
        number = prefix + number
    try:
        if country in EU:
            return eu_vat.validate(number)
        return number[:2] + _check_by_module("vat", number[2:], country)
    except exceptions.ValidationError as error:
        raise _refusal("vat", error) from None


def _check_by_module(kind: str, number: str, country: str) -> str:
    module = get_cc_module(country.lower(), MODULES[kind, country])
    assert module is not None
    try:
        return module.validate(number)
    except exceptions.ValidationError as error:
        raise _refusal(kind, error) from None


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
