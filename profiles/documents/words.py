"""Why a file isn't kept, and what to do instead."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .judging import LARGEST, MOST_PAGES

REFUSALS: dict[str, str | Promise] = {
    "empty": _("The file is empty. Choose another one."),
    "too_large": _("The file is larger than {megabytes} MB. Save it with less detail, or split it."),
    "too_many_pages": _("The document has more than {pages} pages. Upload the pages that matter."),
    "too_many_pixels": _("The picture is too large to be read. Save it with fewer pixels."),
    "not_supported": _("This isn't a PDF, PNG or JPEG, whatever its name says. Save the document as PDF and upload that."),
    "encrypted": _("The PDF is protected by a password. Save it without one."),
    "damaged": _("The file is damaged and can't be read. Open it yourself, save it anew, and upload that."),
    "active": _("The PDF runs something or carries other files. Print it to a new PDF and upload that."),
    "not_only_a_document": _("The file holds more than a document. Print it to a new PDF and upload that."),
    "took_too_long": _("The file could not be read in time. Print it to a new PDF and upload that."),
}


def refusal_in_words(code: str) -> str:
    """The sentence for one code of `judging`."""
    return str(REFUSALS[code]).format(megabytes=LARGEST // (1024 * 1024), pages=MOST_PAGES)
