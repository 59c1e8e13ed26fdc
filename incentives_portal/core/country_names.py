"""Names of countries that the list of countries has in English alone, so that pages in Swedish have them in Swedish."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAMES: dict[str, str | Promise] = {
    "AL": _("Albania"),
    "AS": _("American Samoa"),
    "AU": _("Australia"),
    "BV": _("Bouvet Island"),
    "BR": _("Brazil"),
    "CV": _("Cabo Verde"),
    "KH": _("Cambodia"),
    "CA": _("Canada"),
    "TD": _("Chad"),
    "CC": _("Cocos (Keeling) Islands"),
    "CU": _("Cuba"),
    "EG": _("Egypt"),
    "SZ": _("Eswatini"),
    "FK": _("Falkland Islands (Malvinas)"),
    "GE": _("Georgia"),
    "HK": _("Hong Kong"),
    "IN": _("India"),
    "ID": _("Indonesia"),
    "JO": _("Jordan"),
    "LB": _("Lebanon"),
    "FM": _("Micronesia"),
    "NF": _("Norfolk Island"),
    "MK": _("North Macedonia"),
    "PS": _("Palestine"),
    "PH": _("Philippines"),
    "PN": _("Pitcairn"),
    "ST": _("Sao Tome and Principe"),
    "SS": _("South Sudan"),
    "US": _("United States of America"),
    "VA": _("Vatican City"),
}
