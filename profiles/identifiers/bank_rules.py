"""What makes one bank identifier right: structure and check digits (rule PAY-3). Each rule returns the number as stored."""

import re
from collections.abc import Callable

from schwifty import BIC, IBAN
from schwifty.exceptions import (
    InvalidBBANChecksum,
    InvalidChecksumDigits,
    InvalidCountryCode,
    InvalidLength,
    SchwiftyException,
)
from stdnum.br import cnpj, cpf
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.nz import bankaccount

from .bank import fields_for, iban_country
from .characters import RefusedError

Rule = Callable[[str, str], str]
CPF_LENGTH = 11
# Countries whose account numbers carry check digits of their own, by one rule that every bank there keeps.
NATIONAL_CHECK_DIGITS = frozenset({"BE", "ES", "FR", "IT", "MC", "PT", "SM"})

ACCOUNT_DIGITS = {
    "AU": (5, 9),
    "CA": (7, 12),
    "GB": (8, 8),
    "GG": (8, 8),
    "HK": (6, 12),
    "IM": (8, 8),
    "IN": (9, 18),
    "JE": (8, 8),
    "JP": (7, 7),
    "SG": (6, 14),
    "US": (4, 17),
    "ZA": (7, 13),
}
CODE_DIGITS = {
    ("bank_code", "BR"): 3,
    ("bank_code", "HK"): 3,
    ("bank_code", "JP"): 4,
    ("bank_code", "SG"): 4,
    ("branch_code", "JP"): 3,
    ("branch_code", "SG"): 3,
    ("branch_code", "ZA"): 6,
}
# Federal Reserve districts, thrifts, electronic transactions and traveller's cheques; 00 is the government itself.
ABA_PREFIXES = frozenset([*range(1, 13), *range(21, 33), *range(61, 73), 80])


def check_iban(number: str, country: str) -> str:
    """Country, length, structure and check digits, the country's own too. Pasting the word IBAN along is forgiven."""
    number = number.removeprefix("IBAN")
    if number[:2] != iban_country(country):
        raise RefusedError("iban_country", iban_country(country))
    try:
        return str(IBAN(number, validate_bban=number[:2] in NATIONAL_CHECK_DIGITS))
    except InvalidLength:
        raise RefusedError("iban_length", str(_iban_length(number))) from None
    except (InvalidChecksumDigits, InvalidBBANChecksum):
        raise RefusedError("iban_checksum") from None
    except InvalidCountryCode:
        raise RefusedError("iban_country", country) from None
    except SchwiftyException:
        raise RefusedError("iban_format") from None


def _iban_length(number: str) -> int:
    return IBAN(number, allow_invalid=True).spec.iban_length


def check_bic(number: str, country: str) -> str:
    """Structure and country code only: registries don't know every valid BIC, so an unknown one is no error."""
    try:
        return str(BIC(number))
    except SchwiftyException:
        raise RefusedError("bic_format") from None


def check_routing(number: str, country: str) -> str:
    """Nine digits, a prefix that the Federal Reserve issues, and the weighted sum 3-7-1."""
    _want_digits(number, 9, 9, "aba_format")
    if int(number[:2]) not in ABA_PREFIXES:
        raise RefusedError("aba_prefix")
    if sum(int(digit) * weight for digit, weight in zip(number, (3, 7, 1) * 3, strict=True)) % 10:
        raise RefusedError("aba_checksum")
    return number


def check_account(number: str, country: str) -> str:
    """Digits as many as the country's banks use; where that isn't known, up to 34 letters and digits."""
    if country == "NZ":
        return _check_new_zealand(number)
    if country == "BR":
        return _check_pattern(number, r"\d{3,12}[\dX]", "account_format")
    if country in ACCOUNT_DIGITS:
        _want_digits(number, *ACCOUNT_DIGITS[country], "account_format")
    elif not re.fullmatch(r"[A-Z0-9]{4,34}", number):
        raise RefusedError("account_format")
    if not number.strip("0"):
        raise RefusedError("account_format")
    return number


def _check_new_zealand(number: str) -> str:
    if not re.fullmatch(r"\d{15,16}", number):
        raise RefusedError("account_format", "15–16")
    try:
        return bankaccount.validate(number)
    except ValidationError:
        raise RefusedError("account_checksum") from None


def _check_pattern(number: str, pattern: str, code: str) -> str:
    if not re.fullmatch(pattern, number):
        raise RefusedError(code)
    return number


def check_branch_code(number: str, country: str) -> str:
    """Digits as many as the country's table says; a Brazilian agência has four and may carry a check digit of its own."""
    if country == "BR":
        return _check_pattern(number, r"\d{4}[\dX]?", "branch_code_format")
    return check_code("branch_code")(number, country)


def check_holder_id(number: str, country: str) -> str:
    """CNPJ or CPF of the account holder, without which no Brazilian bank takes a transfer."""
    module = cnpj if len(number) > CPF_LENGTH else cpf
    try:
        return str(module.validate(number))
    except InvalidChecksum:
        raise RefusedError("tax_number_checksum") from None
    except ValidationError:
        raise RefusedError("tax_number_format") from None


def check_kana(name: str, country: str) -> str:
    """A name in katakana, capital letters, digits and the few marks that Japanese banks exchange."""
    return _check_pattern(name, r"[ァ-ヺー・A-Z0-9 ()./,「」-]{1,48}", "kana_format")


def check_account_type(code: str, country: str) -> str:
    """One of the kinds of account that the country tells apart."""
    codes = {code for field in fields_for(country, "bank_transfer") for code, _ in field.choices}
    if code.lower() not in codes:
        raise RefusedError("account_type_unknown", ", ".join(sorted(codes)))
    return code.lower()


def check_clabe(number: str, country: str) -> str:
    """Eighteen digits, the last one a check digit over weights 3-7-1."""
    _want_digits(number, 18, 18, "clabe_format")
    total = sum(int(digit) * weight % 10 for digit, weight in zip(number[:17], (3, 7, 1) * 6, strict=False))
    if (10 - total % 10) % 10 != int(number[17]):
        raise RefusedError("clabe_checksum")
    return number


def check_ifsc(number: str, country: str) -> str:
    """Four letters of the bank, a zero, six characters of the branch."""
    if not re.fullmatch(r"[A-Z]{4}0[A-Z0-9]{6}", number):
        raise RefusedError("ifsc_format")
    return number


def check_code(kind: str, digits: int = 0) -> Rule:
    """A rule for a code of so many digits, or of as many as the country's table says."""

    def rule(number: str, country: str) -> str:
        count = digits or CODE_DIGITS[kind, country]
        _want_digits(number, count, count, f"{kind}_format")
        return number

    return rule


def _want_digits(number: str, least: int, most: int, code: str) -> None:
    if not (number.isdecimal() and least <= len(number) <= most):
        raise RefusedError(code, str(least) if least == most else f"{least}–{most}")


RULES: dict[str, Rule] = {
    "iban": check_iban,
    "bic": check_bic,
    "routing": check_routing,
    "account": check_account,
    "transit": check_code("transit", 5),
    "institution": check_code("institution", 3),
    "sort_code": check_code("sort_code", 6),
    "bsb": check_code("bsb", 6),
    "ifsc": check_ifsc,
    "bank_code": check_code("bank_code"),
    "branch_code": check_branch_code,
    "clabe": check_clabe,
    "account_type": check_account_type,
    "kana": check_kana,
    "holder_id": check_holder_id,
}
