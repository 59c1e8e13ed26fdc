"""The numbers that well-kept libraries publish as right and wrong, read from the libraries that are installed (rule TAX-1).

python-stdnum says in each module's documentation, as examples that its own tests run, which numbers are right and which
are wrong. They are read from there and put to our checks: what is right has to pass, what is wrong has to be refused.
"""

import ast
import doctest
from importlib import import_module
from types import ModuleType

import pytest
from stdnum.util import get_cc_module

from profiles.identifiers import tax
from profiles.identifiers.checking import check
from profiles.identifiers.tax_countries import EU_VAT
from profiles.identifiers.tax_rules import MODULES
from profiles.reasons import REASONS

# Kind, country and module of everything that is checked by one of the library's modules.
CHECKED_BY: dict[tuple[str, str], ModuleType] = {
    **{(kind, country): get_cc_module(country.lower(), name) for (kind, country), name in MODULES.items()},
    **{("vat", country): get_cc_module(country.lower(), "vat") for country in EU_VAT},
    ("vat", "SE"): import_module("stdnum.se.vat"),
    ("account", "NZ"): import_module("stdnum.nz.bankaccount"),
    ("holder_id", "BR"): import_module("stdnum.br.cnpj"),
    ("routing", "US"): import_module("stdnum.us.rtn"),
    ("bic", "GB"): import_module("stdnum.bic"),
    ("iban", "BE"): import_module("stdnum.be.iban"),
    ("iban", "ES"): import_module("stdnum.es.iban"),
}
# We ask for more than the library, which takes these as right: an RFC without homoclave names nobody for certain.
STRICTER = {("rfc", "COMG-600703")}
# The library knows this Belgian bank code as unused; a bank that is new would be refused with it.
KINDER = {("iban", "BE83138811735115")}

Example = tuple[str, bool]


def examples_of(module: ModuleType) -> list[Example]:
    """The numbers that a module's documentation validates, each with whether that succeeds."""
    found = []
    for example in doctest.DocTestParser().get_examples(module.__doc__ or ""):
        call = ast.parse(example.source).body[0]
        if not (isinstance(call, ast.Expr) and isinstance(call.value, ast.Call) and isinstance(call.value.func, ast.Name)):
            continue
        if call.value.func.id not in ("validate", "is_valid") or len(call.value.args) != 1 or call.value.keywords:
            continue
        number = ast.literal_eval(call.value.args[0])
        found.append((number, example.exc_msg is None and example.want.strip() != "False"))
    return found


EXAMPLES = [
    (kind, country, number, right) for (kind, country), module in CHECKED_BY.items() for number, right in examples_of(module)
]


def test_there_are_right_and_wrong_numbers_of_nearly_every_kind() -> None:
    right = {(kind, country) for kind, country, _number, is_right in EXAMPLES if is_right}
    wrong = {(kind, country) for kind, country, _number, is_right in EXAMPLES if not is_right}
    assert set(CHECKED_BY) - right == set()
    # These modules publish no wrong one; a digit of a right one is changed below.
    assert set(CHECKED_BY) - wrong == {("rfc", "MX"), ("vat", "RO")}
    assert check("rfc", "MAB-931314-8T4", "MX").code == "tax_number_format"
    assert check("vat", "RO 18547291", "RO").code == "vat_checksum"
    assert len(EXAMPLES) >= 321


@pytest.mark.rule("TAX-1")
@pytest.mark.parametrize(("kind", "country", "number", "right"), EXAMPLES)
def test_a_published_number_is_judged_as_published(kind: str, country: str, number: str, right: bool) -> None:
    found = check(kind, number, country)
    if right and any(not char.isascii() for char in number):
        assert found.ok or found.code in ("not_ascii_digits", "not_ascii_letters")
    elif (kind, number) in STRICTER:
        assert not found.ok
    elif (kind, number) in KINDER:
        assert found.ok
    else:
        assert found.ok is right, (found.code, found.detail)
    assert found.ok or found.code in REASONS


def test_every_field_that_a_country_asks_for_is_checked() -> None:
    for country in {*tax.BY_COUNTRY, *tax.SOLE_TRADERS, *EU_VAT, "PH"}:
        for classification in ("company", "sole_trader"):
            for field in tax.fields_for(country, classification):
                assert check(field.kind, "1", country).code != "not_used_in_country"
