"""What the banks of a country ask for within the country, in its own words (rule PAY-1): a table, and no rule."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .asking import BankField, Words, example, named

ACCOUNT = _("Account number")
BANK_CODE, BRANCH_CODE = _("Bank code"), _("Branch code")
BIC = BankField("bic", _("BIC (SWIFT code)"), _("8 or 11 characters"), max_length=16)
OPTIONAL_BIC = BankField("bic", BIC.label, _("8 or 11 characters; leave empty if you don't know it"), required=False, max_length=16)
AS_ON_STATEMENT = _("As on the bank statement")
ACCOUNT_TYPE = _("Kind of account")
CHECKING, SAVINGS = ("checking", _("Checking account")), ("savings", _("Savings account"))


def _digits(kind: str, label: Words, number: str, own: str = "", *, max_length: int = 42) -> BankField:
    return BankField(kind, named(label, own), example(number), max_length=max_length)


def _bic_for(currency: str) -> BankField:
    """A BIC that only payments in another currency need."""
    hint = format_lazy(_("Only needed to be paid in another currency than {currency}"), currency=currency)
    return BankField("bic", BIC.label, hint, required=False, max_length=16)


def _kind_of_account(own: str, *choices: tuple[str, Words], required: bool = True) -> BankField:
    """The kind of account; where it isn't required, a company's account is of the first kind unless it says otherwise."""
    return BankField("account_type", named(ACCOUNT_TYPE, own), choices=choices, required=required)


SORT_CODE = _digits("sort_code", _("Sort code"), "12-34-56", max_length=12)
BRITISH = (SORT_CODE, _digits("account", ACCOUNT, "01234567", max_length=16))
BRAZILIAN = (
    _digits("bank_code", BANK_CODE, "341", "código do banco, COMPE", max_length=6),
    _digits("branch_code", _("Branch"), "1234-5", "agência", max_length=10),
    _digits("account", ACCOUNT, "12345678-9", "conta com dígito", max_length=24),
    _kind_of_account(
        "tipo de conta",
        ("corrente", named(_("Current account"), "conta corrente")),
        ("poupanca", named(_("Savings account"), "conta poupança")),
        ("pagamento", named(_("Payment account"), "conta de pagamento")),
    ),
    _digits("holder_id", _("Tax number of the account holder"), "16.727.230/0001-97", "CNPJ, CPF", max_length=24),
)

# Within the country. Where it has IBANs too, either way is enough.
DOMESTIC: dict[str, tuple[BankField, ...]] = {
    "US": (
        _digits("routing", _("Routing number (ABA)"), "111000025", max_length=16),
        _digits("account", ACCOUNT, "000123456789"),
        _kind_of_account("", CHECKING, SAVINGS, required=False),
        _bic_for("USD"),
    ),
    "CA": (
        _digits("transit", _("Transit number"), "12345", max_length=10),
        _digits("institution", _("Institution number"), "003", max_length=6),
        _digits("account", ACCOUNT, "1234567", max_length=24),
        _bic_for("CAD"),
    ),
    "GB": BRITISH,
    "GG": BRITISH,
    "IM": BRITISH,
    "JE": BRITISH,
    "AU": (
        _digits("bsb", _("BSB"), "062-000", max_length=12),
        _digits("account", ACCOUNT, "12345678", max_length=20),
        _bic_for("AUD"),
    ),
    "NZ": (_digits("account", ACCOUNT, "01-0242-0100194-00", max_length=24), _bic_for("NZD")),
    "IN": (
        _digits("ifsc", _("IFSC"), "SBIN0005943", max_length=16),
        _digits("account", ACCOUNT, "00000012345678901"),
        _bic_for("INR"),
    ),
    "JP": (
        _digits("bank_code", BANK_CODE, "0001", "金融機関コード", max_length=8),
        _digits("branch_code", BRANCH_CODE, "001", "支店コード", max_length=6),
        _kind_of_account(
            "預金種目",
            ("ordinary", named(_("Ordinary account"), "普通")),
            ("current", named(_("Current account"), "当座")),
            ("deposit", named(_("Savings account"), "貯蓄")),
        ),
        _digits("account", ACCOUNT, "1234567", "口座番号", max_length=14),
        BankField("kana", named(_("Account holder in katakana"), "口座名義カナ"), example("カ)ホクトデータ"), max_length=60),
        BIC,
    ),
    "HK": (
        _digits("bank_code", BANK_CODE, "004", "銀行編號", max_length=6),
        _digits("account", _("Branch code and account number"), "123-456789-001", "戶口號碼"),
        BIC,
    ),
    "SG": (
        _digits("bank_code", BANK_CODE, "7171", max_length=8),
        BankField("branch_code", BRANCH_CODE, _("Three digits; leave empty if your bank has none"), required=False, max_length=6),
        _digits("account", ACCOUNT, "0123456789"),
        BIC,
    ),
    "BR": BRAZILIAN,
    "MX": (
        _digits("clabe", named(_("CLABE"), "Clave Bancaria Estandarizada"), "032180000118359719", max_length=30),
        _bic_for("MXN"),
    ),
    "ZA": (
        _digits("branch_code", _("Branch code, universal or of your branch"), "250655", max_length=12),
        _digits("account", ACCOUNT, "62001234567"),
        _kind_of_account(
            "",
            ("current", _("Current or cheque account")),
            SAVINGS,
            ("transmission", _("Transmission account")),
            required=False,
        ),
        BIC,
    ),
}
ELSEWHERE = (BankField("account", ACCOUNT, AS_ON_STATEMENT), BIC)

# Territories whose banks are numbered in another country's system: their IBANs begin with that country.
NUMBERED_BY = (
    {"AX": "FI"}
    | dict.fromkeys(["GG", "IM", "JE"], "GB")
    | dict.fromkeys(["BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"], "FR")
)
# The currency that an account without IBAN and BIC can be paid in: the country's own clearing knows no other.
CLEARED_IN = {
    "AU": "AUD", "BR": "BRL", "CA": "CAD", "GB": "GBP", "GG": "GBP", "IM": "GBP", "IN": "INR", "JE": "GBP", "MX": "MXN", "NZ": "NZD", "US": "USD",
}  # fmt: skip
