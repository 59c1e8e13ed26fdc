"""The door to the checks: one number, all of a profile's numbers, the bank behind them, and how they are shown and compared.

The same functions answer while somebody types, when a form is saved, and in the automatic checks of a validation.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from . import bank, tax
from .bank_rules import RULES
from .characters import RefusedError, plain
from .tax_rules import check_tax_number

TAX_SEPARATORS = "./"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: the number as stored where `ok`, else a code of `profiles.reasons`; `detail` is what was expected."""

    ok: bool
    value: str = ""
    code: str = ""
    detail: str = ""

    def __repr__(self) -> str:
        return f"<Finding {self.code or 'ok'}>"  # never the number


@dataclass(frozen=True, slots=True)
class BankInfo:
    """What is known of a bank; either may be empty."""

    name: str = ""
    bic: str = ""


def check(kind: str, value: str, country: str) -> Finding:
    """One bank or tax identifier of `country` (rule PAY-3). Never raises, whatever was typed."""
    try:
        if kind in RULES:
            return Finding(True, _check_bank_number(kind, plain(value), country))
        return Finding(True, check_tax_number(kind, plain(value, separators=TAX_SEPARATORS), country))
    except RefusedError as refused:
        return Finding(False, code=refused.code, detail=refused.detail)


def _check_bank_number(kind: str, number: str, country: str) -> str:
    if kind not in {field.kind for field in bank.fields_for(country, "bank_transfer")} | {"bic"}:
        raise RefusedError("not_used_in_country")
    return RULES[kind](number, country)


def check_bank_details(values: Mapping[str, str], *, country: str, payment_method: str) -> dict[str, Finding]:
    """A finding per identifier that was given or is missing; what the country doesn't ask for is left out."""
    found = _check_fields(bank.fields_for(country, payment_method), values, country)
    iban = found.get("iban")
    if (
        iban is not None
        and iban.ok
        and "bic" not in found
        and not bank_of({"iban": iban.value}, country).bic
        and _outside_sepa(iban.value)
    ):
        found["bic"] = Finding(False, code="bic_needed")
    return found


def _outside_sepa(iban: str) -> bool:
    return not IBAN(iban).in_sepa_zone


def check_tax_numbers(values: Mapping[str, str], *, country: str, classification: str) -> dict[str, Finding]:
    """A finding per identifier that was given or is missing. Where one of several would do, the first stands for the gap."""
    fields = tax.fields_for(country, classification)
    found = _check_fields(fields, values, country)
    choice = [field.kind for field in fields if field.any_of]
    if choice and not any(kind in found for kind in choice):
        found[choice[0]] = Finding(False, code="empty")
    return found


def _check_fields(fields: Sequence[bank.BankField | tax.TaxField], values: Mapping[str, str], country: str) -> dict[str, Finding]:
    given = {field.kind: values.get(field.kind) or "" for field in fields}
    return {
        field.kind: check(field.kind, given[field.kind], country) for field in fields if field.required or given[field.kind].strip()
    }


def bank_of(identifiers: Mapping[str, str], country: str) -> BankInfo:
    """The bank behind checked identifiers, as far as the registry knows it. Not knowing a bank is no error."""
    try:
        if "iban" in identifiers:
            iban = IBAN(identifiers["iban"])
            given = identifiers.get("bic", "")
            return BankInfo(iban.bank_name or _name_of(given), given or str(iban.bic or ""))
        return BankInfo(_name_of(identifiers.get("bic", "")), identifiers.get("bic", ""))
    except SchwiftyException:
        return BankInfo()


def _name_of(bic: str) -> str:
    names = BIC(bic).bank_names if bic else []
    return names[0] if names else ""


def mask(value: str) -> str:
    """The last four characters behind dots, and never more than half of a short number."""
    shown = min(4, len(value) // 2)
    return "•••• " + value[-shown:] if shown else "••••"


def canonical(identifiers: Mapping[str, str], *, country: str = "") -> str:
    """What makes a bank account the same account, as text for the blind index (rule VAL-6).

    That is the IBAN, or else the account with its routing codes and country; a BIC counts only where nothing else says
    which bank. The order and what else was typed don't matter.
    """
    if "iban" in identifiers:
        return json.dumps({"iban": identifiers["iban"]})
    account = {kind: value for kind, value in identifiers.items() if kind != "bic" and value}
    if set(account) == {"account"} and country != "NZ":
        account["bic"] = identifiers.get("bic", "")[:8]
    return json.dumps(account | {"country": country}, sort_keys=True)


def canonical_tax(identifiers: Mapping[str, str], *, country: str) -> str:
    """What makes a taxpayer the same taxpayer, as text for the blind index: the country and its principal number.

    A Swedish VAT number holds the principal number, so that whoever gives only that is still found.
    """
    number = next((value for kind in PRINCIPAL if (value := identifiers.get(kind))), "")
    if not number and (vat := identifiers.get("vat")):
        number = vat[2:-2] if country == "SE" else vat
    return json.dumps({"country": country, "number": number or "".join(identifiers.values())})


# What identifies a taxpayer, before what they also have.
PRINCIPAL = (
    "orgnr",
    "ein",
    "ssn",
    "itin",
    "pan",
    "uid",
    "utr",
    "abn",
    "bn",
    "cnpj",
    "cpf",
    "rfc",
    "cn",
    "ird",
    "uen",
    "trn",
    "br",
    "tin",
)
