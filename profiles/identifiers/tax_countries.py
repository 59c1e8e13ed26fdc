"""The tax identifiers of the countries, by the names that are used there (rule TAX-1): tables, and no rule.

Which validator checks a number stands in `tax_rules`. Examples are published ones, or made up where there are none.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from .asking import TaxField, Words, either, example, named, optional

VAT_LABEL = _("VAT number")
TAX_LABEL = _("Tax number")
ORG_LABEL = _("Organisation number")
PERSON_LABEL = _("Personal number")


@dataclass(frozen=True, slots=True)
class EuVat:
    """How a member state of the European Union calls its VAT number, and an example with its prefix."""

    own: str
    example: str


EU_VAT: dict[str, EuVat] = {
    "AT": EuVat("UID-Nummer", "ATU 13585627"),
    "BE": EuVat("btw-nummer, numéro de TVA", "BE 0428.759.497"),
    "BG": EuVat("ИН по ДДС", "BG 175074752"),
    "CY": EuVat("Αριθμός Εγγραφής ΦΠΑ", "CY 10259033P"),
    "CZ": EuVat("DIČ", "CZ 25123891"),
    "DE": EuVat("USt-IdNr.", "DE 136695976"),
    "DK": EuVat("momsnummer, CVR", "DK 13585628"),
    "EE": EuVat("KMKR number", "EE 100594102"),
    "ES": EuVat("NIF-IVA", "ES B64717838"),
    "FI": EuVat("ALV-numero, momsnummer", "FI 20774740"),
    "FR": EuVat("numéro de TVA", "FR 23 334 175 221"),
    "GR": EuVat("ΑΦΜ", "EL 094259216"),
    "HR": EuVat("OIB", "HR 33392005961"),
    "HU": EuVat("közösségi adószám", "HU 12892312"),
    "IE": EuVat("", "IE 6433435OA"),
    "IT": EuVat("partita IVA", "IT 00743110157"),
    "LT": EuVat("PVM mokėtojo kodas", "LT 119511515"),
    "LU": EuVat("numéro de TVA", "LU 15027442"),
    "LV": EuVat("PVN numurs", "LV 40003521600"),
    "MT": EuVat("", "MT 1167-9112"),
    "NL": EuVat("btw-id", "NL 004495445B01"),
    "PL": EuVat("NIP", "PL 856-734-62-15"),
    "PT": EuVat("NIF", "PT 501 964 843"),
    "RO": EuVat("CIF", "RO 18547290"),
    "SE": EuVat("momsregistreringsnummer", "SE 123456789701"),
    "SI": EuVat("ID za DDV", "SI 50223054"),
    "SK": EuVat("IČ DPH", "SK 2022749619"),
}


def _field(kind: str, label: Words, number: str, own: str = "") -> TaxField:
    return TaxField(kind, named(label, own), example(number))


def vat_field(country: str) -> TaxField:
    """The VAT number of a member state, as it is called there."""
    state = EU_VAT[country]
    return _field("vat", VAT_LABEL, state.example, state.own)


TIN = TaxField("tin", _("Tax identification number"), _("As on letters from the tax authority"))
EIN = _field("ein", _("Employer Identification Number (EIN)"), "91-1144442")
SSN = _field("ssn", _("Social Security Number (SSN)"), "536-90-4399")
ITIN = _field("itin", _("Individual Taxpayer Identification Number (ITIN)"), "912-90-3456")
ORGNR_SE = _field("orgnr", ORG_LABEL, "123456-7897", "organisationsnummer")
PERSON_SE = _field("orgnr", _("Personal or organisation number"), "880320-0016", "personnummer, organisationsnummer")
UTR = _field("utr", _("Unique Taxpayer Reference (UTR)"), "1955839661")
ABN = _field("abn", _("Australian Business Number (ABN)"), "83 914 571 673")
BN = _field("bn", _("Business Number (BN), also with GST/HST account"), "12302 6635 RC 0001")
PAN = _field("pan", _("Permanent Account Number (PAN)"), "ACUPA7085R")
CNPJ = _field("cnpj", TAX_LABEL, "16.727.230/0001-97", "CNPJ")
CN = _field("cn", _("Corporate Number"), "5-8356-7825-6246", "法人番号")
INVOICE_JP = _field("invoice", _("Invoice registration number"), "T5835678256246", "インボイス登録番号")
TRN = _field("trn", _("Tax Registration Number (TRN)"), "100 1234 5678 9003", "رقم التسجيل الضريبي")
UEN = _field("uen", _("Unique Entity Number (UEN)"), "197401143C")
IRD = _field("ird", _("IRD number, which is the GST number too"), "49-098-576")
TIN_ZA = _field("tin", _("Tax reference number"), "0001339050")
KENNITALA = _field("kennitala", ORG_LABEL, "450401-3150", "kennitala")

BY_COUNTRY: dict[str, tuple[TaxField, ...]] = {
    "AE": (TRN,),
    "AU": (ABN,),
    "BR": (CNPJ,),
    "CA": (BN,),
    "CH": (_field("uid", _("Company identification number (UID)"), "CHE-100.155.212"), optional(_field("vat", VAT_LABEL, "CHE-107.787.577 MWST", "MWST, TVA, IVA"))),
    "GB": either(UTR, _field("vat", VAT_LABEL, "GB 980 7806 84")),
    "HK": (_field("br", _("Business Registration Number"), "12345678", "商業登記號碼"),),
    "IN": (PAN, optional(_field("gstin", _("GSTIN"), "27AAPFU0939F1ZV"))),
    "IS": (KENNITALA, optional(_field("vat", VAT_LABEL, "IS 00621", "VSK-númer"))),
    "JP": (CN, optional(INVOICE_JP)),
    "MC": either(_field("vat", VAT_LABEL, "FR 53 0000 04605", "n° TVA"), TIN),
    "MX": (_field("rfc", TAX_LABEL, "MAB-930714-8T4", "RFC"),),
    "NO": (_field("orgnr", ORG_LABEL, "988 077 917", "organisasjonsnummer"), optional(_field("vat", VAT_LABEL, "NO 995 525 828 MVA", "MVA-nummer"))),
    "NZ": (IRD,),
    "SE": (ORGNR_SE, optional(vat_field("SE"))),
    "SG": (UEN, optional(_field("gst", _("GST registration number"), "M9-0012345-8"))),
    "US": (EIN,),
    "ZA": (TIN_ZA, optional(_field("vat", VAT_LABEL, "4123456789"))),
}  # fmt: skip
# Whoever trades in their own name has a person's number there. Japan's My Number is left out on purpose: its law forbids
# to collect it for this.
SOLE_TRADERS: dict[str, tuple[TaxField, ...]] = {
    "BR": either(_field("cpf", TAX_LABEL, "390.533.447-05", "CPF"), CNPJ),
    "CA": either(_field("sin", _("Social Insurance Number (SIN)"), "123-456-782"), BN),
    "IL": either(_field("idnr", PERSON_LABEL, "3933742-3", "מספר זהות"), _field("hp", TAX_LABEL, "516179157", "ח.פ.")),
    "JP": either(INVOICE_JP, TIN),
    "SE": (PERSON_SE, optional(vat_field("SE"))),
    "TR": either(_field("tckimlik", PERSON_LABEL, "17291716060", "T.C. kimlik no."), _field("vkn", TAX_LABEL, "4540536920", "VKN")),
    "UA": either(_field("rntrc", TAX_LABEL, "1759013776", "РНОКПП"), _field("edrpou", ORG_LABEL, "32855961", "ЄДРПОУ")),
    "US": either(SSN, ITIN, EIN),
}
# One number is all: country, validator of python-stdnum, an example, and the number's own name.
_ONE_NUMBER = """
    AD nrt U-132950-X NRT
    AL nipt K22218003V NIPT
    AR cuit 20-05536168-2 CUIT
    AZ voen 1401555071 VÖEN
    BY unp 200988541 УНП
    CL rut 76086428-5 RUT
    CN uscc 91110000600037341L 统一社会信用代码
    CO nit 213.123.432-1 NIT
    CR cpj 3-101-999999 cédula jurídica
    DO rnc 1-01-85004-3 RNC
    DZ nif 416001000000007 NIF
    EC ruc 1792060346-001 RUC
    EG tn 100-531-385 الرقم الضريبي
    FO vn 623857 V-tal
    GH tin C0000803561 TIN
    GN nifp 693770885 NIFp
    GT nit 576937-K NIT
    ID npwp 01.312.166.0-091.000 NPWP
    IL hp 516179157 ח.פ.
    KE pin P051365947M KRA PIN
    KR brn 116-82-00276 사업자등록번호
    LI peid 1234567 PEID
    MA ice 001561191000066 ICE
    MD idno 1008600038413 IDNO
    ME pib 02655284 PIB
    MK edb 4030000375897 ЕДБ
    MZ nuit 400339910 NUIT
    PE ruc 20512333797 RUC
    PY ruc 80028061-0 RUC
    RS pib 101134702 PIB
    SN ninea 30672212G2 NINEA
    SV nit 0614-050707-104-8 NIT
    TH tin 0-99-4-000-61772-1 เลขประจำตัวผู้เสียภาษี
    TN mf 1234567/M/A/E/001 matricule fiscal
    TR vkn 4540536920 VKN
    TW ubn 00501503 統一編號
    UA edrpou 32855961 ЄДРПОУ
    UY rut 21-100342-001-7 RUT
    VE rif V-11470283-4 RIF
    VN mst 0100233488 MST
"""
_ROWS = [line.split(maxsplit=3) for line in _ONE_NUMBER.splitlines() if line.strip()]
# By country the kind, which is the name of its validator too.
ONE_NUMBER = {country: kind for country, kind, _number, _own in _ROWS}
BY_COUNTRY |= {country: (_field(kind, TAX_LABEL, number, own),) for country, kind, number, own in _ROWS}
