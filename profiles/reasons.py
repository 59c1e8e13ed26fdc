"""Why a number or a profile isn't accepted, in words (rule VAL-3): what is wrong, and what to do about it.

One table for what the checks find while somebody types and for what a reviewer states when rejecting. Codes are stored;
texts are not, so that everybody reads them in their own language.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable code and its text, one sentence on what is wrong and one on what to do."""

    code: str
    text: str | Promise


TYPING: dict[str, str | Promise] = {
    "empty": _("This is missing. Enter it as it stands on the bank's or the authority's papers."),
    "too_long": _("This is longer than any such number. Enter the number alone."),
    "hidden_characters": _("The number holds characters that can't be seen, as happens when copying. Type it by hand."),
    "not_ascii_digits": _("The number holds digits of another script. Type it with the digits 0–9."),
    "not_ascii_letters": _("The number holds letters that only look like A–Z, or other signs. Type it with A–Z and 0–9."),
    "masked_value": _("This is the hidden form of a saved number. Enter the whole number again."),
    "unknown_kind": _("This kind of number isn't known. Use one of the kinds that the help of the command lists."),
    "unknown_country": _("There is no such country. Use its code of two letters, like SE."),
    "not_used_in_country": _("This number isn't used in the country chosen. Check the country."),
}
BANK: dict[str, str | Promise] = {
    "iban_country": _(
        "The IBAN belongs to another country than the bank. Choose the country that the IBAN begins with, or correct the IBAN."
    ),
    "iban_length": _("The IBAN is too short or too long for its country. Copy it again from the bank statement."),
    "iban_format": _("The IBAN has letters or digits in the wrong places. Copy it again from the bank statement."),
    "iban_checksum": _("The IBAN's check digits don't fit: at least one character is wrong. Compare it with the bank statement."),
    "bic_format": _("A BIC has 8 or 11 letters and digits, like ESSESESS. Ask the bank if you are unsure."),
    "iban_other_account": _(
        "The IBAN belongs to another account than the sort code and account number. Correct one of them, or enter only one."
    ),
    "kana_format": _("Japanese banks know account holders in katakana. Enter the name in kana, as in the bank book."),
    "account_type_missing": _("The kind of account is missing. Choose the one that the bank keeps for you."),
    "account_type_unknown": _("This kind of account isn't known in the country. Choose one of those that are offered."),
    "bic_needed": _("The bank can't be found by the IBAN alone. Enter its BIC too."),
    "bic_country": _("The BIC names a bank in another country than the account. Correct the BIC, or leave it empty."),
    "aba_format": _("A routing number has nine digits. Take it from a check or the bank's website."),
    "aba_prefix": _("No US bank's routing number begins like this. Compare it with a check or the bank's website."),
    "aba_checksum": _("The routing number's check digit doesn't fit: at least one digit is wrong. Compare it with a check."),
    "account_format": _("The account number doesn't look like one of this country. Enter all its digits, leading zeros too."),
    "account_checksum": _(
        "The account number's check digits don't fit: at least one digit is wrong. Compare it with the bank statement."
    ),
    "sort_code_format": _("A sort code has six digits, like 12-34-56. Take it from the bank statement."),
    "transit_format": _("A transit number has five digits. Take it from a check or the bank's website."),
    "institution_format": _("An institution number has three digits. Take it from a check or the bank's website."),
    "bsb_format": _("A BSB has six digits, like 062-000. Take it from the bank statement."),
    "ifsc_format": _("An IFSC has four letters, a zero and six more characters. Take it from the bank's website."),
    "clabe_format": _("A CLABE has 18 digits. Take it from the bank statement."),
    "clabe_checksum": _("The CLABE's check digit doesn't fit: at least one digit is wrong. Compare it with the bank statement."),
    "bank_code_format": _("The bank code has the wrong number of digits. Enter leading zeros too."),
    "branch_code_format": _("The branch code has the wrong number of digits. Enter leading zeros too."),
}
TAX: dict[str, str | Promise] = {
    "vat_country": _("The VAT number belongs to another country. Enter the one of the country of tax residence."),
    "vat_format": _("This doesn't look like a VAT number of the country. Enter it as it stands in the register."),
    "vat_checksum": _("The VAT number's check digits don't fit: at least one digit is wrong. Compare it with the register."),
    "orgnr_format": _("This doesn't look like an organisation number. Enter all its digits."),
    "orgnr_checksum": _(
        "The organisation number's check digit doesn't fit: at least one digit is wrong. "
        "Compare it with the registration certificate."
    ),
    "ein_format": _("An EIN has nine digits, like 91-1144442. Take it from the letter that assigned it."),
    "ein_prefix": _("No EIN begins with these two digits. Compare it with the letter that assigned it."),
    "ssn_format": _("This can't be a Social Security number. Enter its nine digits as on the card."),
    "itin_format": _("This can't be an ITIN, which begins with 9. Enter its nine digits as in the letter that assigned it."),
    "tax_number_format": _(
        "This doesn't look like a tax number of the country. Enter it as it stands on the tax authority's papers."
    ),
    "tax_number_checksum": _(
        "The number's check digits don't fit: at least one character is wrong. Compare it with the tax authority's papers."
    ),
}
REVIEW: dict[str, str | Promise] = {
    "holder_differs_from_legal_name": _(
        "The account holder isn't the company. Use an account in the company's legal name, or correct the holder's name."
    ),
    "bank_account_closed": _("The bank says that the account is closed. Enter an account that is open."),
    "document_unreadable": _("A document can't be read. Upload it again, complete and legible."),
    "legal_name_differs_from_register": _("The legal name isn't the one in the register. Enter the name exactly as registered."),
    "address_incomplete": _("The address isn't complete. Enter street, postal code and city as registered."),
    "tax_number_not_registered": _("The tax number isn't in the authority's register. Correct it, or register it first."),
    "form_out_of_date": _("The tax form is out of date. Fill in the current edition, and state when it expires."),
    "other": _("See the reviewer's note, and correct what it names."),
}
# What can be wrong with a field of each kind; `other` fits them all.
FITTING: dict[str, tuple[str, ...]] = {
    "payment_method": (),
    "bank_country": (),
    "account_holder": ("holder_differs_from_legal_name",),
    "legal_name": ("legal_name_differs_from_register", "document_unreadable"),
    "street": ("address_incomplete", "document_unreadable"),
    "postal_code": ("address_incomplete", "document_unreadable"),
    "city": ("address_incomplete", "document_unreadable"),
    "country": ("document_unreadable",),
    "classification": ("document_unreadable",),
    "form_kind": ("form_out_of_date", "document_unreadable"),
    "expires_on": ("form_out_of_date", "document_unreadable"),
}
OF_AN_ACCOUNT = ("bank_account_closed",)
OF_A_TAX_NUMBER = ("tax_number_not_registered", "document_unreadable")

# What is wrong with a line of a sheet of numbers, before its number can be looked at.
SHEET: dict[str, str | Promise] = {
    "line_not_csv": _("The line can't be read as CSV. Check its quotation marks, and that it has a cell for every column."),
    "line_not_utf8": _("The line isn't UTF-8 text. Save the file with the encoding UTF-8."),
    "line_too_long": _("The line is longer than any with a number. Put one number on each line."),
}

REASONS: dict[str, Reason] = {code: Reason(code, text) for code, text in (TYPING | BANK | TAX | REVIEW | SHEET).items()}


def text_for(code: str) -> str:
    """The text of a reason in the reader's language; a code that no longer exists reads as *other*."""
    return str(REASONS.get(code, REASONS["other"]).text)


# What was expected, as a sentence of its own; where the reason names it already, nothing is added.
EXPECTED: dict[str, str | Promise] = {
    "too_long": _("It can have at most %(what)s characters."),
    "iban_country": _("An IBAN of this country begins with %(what)s."),
    "iban_length": _("In this country an IBAN has %(what)s characters."),
    "account_format": _("In this country it has %(what)s digits."),
    "bank_code_format": _("In this country it has %(what)s digits."),
    "branch_code_format": _("In this country it has %(what)s digits."),
    "vat_country": _("A VAT number of this country begins with %(what)s."),
}


def explained(code: str, detail: str = "") -> str:
    """The text of a reason, and what was expected where that helps."""
    text = text_for(code)
    return f"{text} {EXPECTED[code] % {'what': detail}}" if detail and code in EXPECTED else text
