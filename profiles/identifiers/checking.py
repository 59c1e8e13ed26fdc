"""The door to the checks: one number, all of a profile's numbers, the bank behind them, and how they are shown and compared.

The same functions answer while somebody types, when a form is saved, and in the automatic checks of a validation.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException
from stdnum.nz import bankaccount

from . import bank, tax
from .bank_rules import RULES
from .characters import RefusedError, plain, refuse_foreign_groups, spelled
from .domestic_banks import name_of
from .tax_rules import check_tax_number

TAX_SEPARATORS = "./"
# A Mexican company's number is made of its name.
LETTERS = {"rfc": "Ñ"}
# What says more about an account without being part of its number.
BESIDE_THE_ACCOUNT = frozenset({"bic", "account_type", "kana", "holder_id"})


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
            return Finding(True, _check_bank_number(kind, value, country))
        number = plain(value, separators=TAX_SEPARATORS, letters=LETTERS.get(kind, ""))
        refuse_foreign_groups(kind, value)
        return Finding(True, check_tax_number(kind, number, country))
    except RefusedError as refused:
        return Finding(False, code=refused.code, detail=refused.detail)


def _check_bank_number(kind: str, value: str, country: str) -> str:
    number = spelled(value) if kind == "kana" else plain(value, separators=TAX_SEPARATORS if kind == "holder_id" else "")
    if kind not in {field.kind for field in bank.fields_for(country, "bank_transfer")} | {"bic"}:
        raise RefusedError("not_used_in_country")
    return RULES[kind](number, country)


def check_bank_details(values: Mapping[str, str], *, country: str, payment_method: str) -> dict[str, Finding]:
    """A finding per identifier that was given or is missing; what the country doesn't ask for is left out.

    Where an account can be named in several ways, one is enough, and two have to name the same account.
    """
    fields = bank.fields_for(country, payment_method)
    found = _check_fields(_of_the_ways_taken(fields, values), values, country)
    iban = found.get("iban")
    if iban is not None and iban.ok:
        if "bic" not in found and not bank_of({"iban": iban.value}, country).bic and _outside_sepa(iban.value):
            found["bic"] = Finding(False, code="bic_needed")
        if _names_another_account(iban.value, found):
            found["iban"] = Finding(False, code="iban_other_account")
    return found


def _of_the_ways_taken(fields: Sequence[bank.BankField], values: Mapping[str, str]) -> Sequence[bank.BankField]:
    """The fields without those of a way that nobody began; with none begun, the first stands for the gap."""
    taken = {field.way for field in fields if field.way and (values.get(field.kind) or "").strip()}
    ways = bank.ways_of(tuple(fields))
    if ways and not taken:
        first = next(field for field in fields if field.way == ways[0])
        return [first, *(field for field in fields if not field.way)]
    return [field for field in fields if not field.way or field.way in taken]


def _names_another_account(iban: str, found: Mapping[str, Finding]) -> bool:
    """Whether a British IBAN holds other numbers than the sort code and account number beside it."""
    beside = [found[kind] for kind in ("sort_code", "account") if kind in found]
    return bool(beside) and all(finding.ok for finding in beside) and iban[8:] != "".join(finding.value for finding in beside)


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
    """The bank behind checked identifiers, as far as a registry knows it. Not knowing a bank is no error."""
    bic = identifiers.get("bic", "")
    try:
        if "iban" in identifiers:
            iban = IBAN(identifiers["iban"])
            return BankInfo(iban.bank_name or _name_of(bic), bic or str(iban.bic or ""))
        if country == "NZ" and "account" in identifiers:
            known = bankaccount.info(identifiers["account"])
            return BankInfo(known.get("bank", ""), bic)
        domestic = (name_of(country, kind, number) for kind, number in identifiers.items())
        return BankInfo(next(filter(None, domestic), "") or _name_of(bic), bic)
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

    That is the IBAN, or else the account with its routing codes and country; a British IBAN is read as the sort code and
    account number that it holds. A BIC counts only where nothing else says which bank. The order doesn't matter.
    """
    iban = identifiers.get("iban", "")
    if iban.startswith("GB"):
        return json.dumps({"account": iban[14:], "country": "GB", "sort_code": iban[8:14]})
    if iban:
        return json.dumps({"iban": iban})
    account = {kind: value for kind, value in identifiers.items() if kind not in BESIDE_THE_ACCOUNT and value}
    if set(account) == {"account"} and country != "NZ":
        account["bic"] = identifiers.get("bic", "")[:8]
    return json.dumps(account | {"country": bank.iban_country(country)}, sort_keys=True)


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
    "orgnr", "ein", "ssn", "itin", "pan", "uid", "utr", "abn", "bn", "sin", "cnpj", "cpf", "rfc", "cn", "invoice", "ird", "uen",
    "trn", "br", "hp", "idnr", "vkn", "tckimlik", "edrpou", "rntrc", "kennitala", "tin",
)  # fmt: skip
