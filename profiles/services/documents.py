"""Documents of tax profiles: uploaded, removed, read (rule TAX-1)."""

import base64
import hashlib
import unicodedata
from typing import Any

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from incentives_portal.core import audit
from incentives_portal.core.clock import DatabaseNow
from profiles.documents.guarded import judge_safely
from profiles.errors import ArchivedError, TooManyDocumentsError
from profiles.models import TaxDocument, TaxDocumentContent, TaxProfile
from profiles.services import versions

MOST_DOCUMENTS = 20
LONGEST_NAME = 120


def plain_name(name: str) -> str:
    """A file name as it can be shown and sent: the last part of a path, visible characters only, cut to a length."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C").strip(" .")
    stem, dot, ending = shown.rpartition(".")
    if len(shown) > LONGEST_NAME:
        shown = stem[: LONGEST_NAME - 10] + dot + ending[:9] if dot else shown[:LONGEST_NAME]
    return shown or "document"


@sensitive_variables("data", "judged")
def upload(*, profile: TaxProfile, name: str, data: bytes, by: Any) -> TaxDocument:
    """Keeps a document. The same bytes again are the document that is there.

    Raises RefusedFileError (see `documents.words`), ArchivedError, TooManyDocumentsError.
    """
    # Outside the transaction: reading a hostile file takes its time, and must hold no lock meanwhile.
    judged = judge_safely(data)
    digest = hashlib.sha256(judged.content).digest()
    with transaction.atomic():
        locked = versions.lock(profile)
        if locked.archived_at is not None:
            raise ArchivedError
        kept = TaxDocument.objects.filter(profile=locked, removed_at=None)
        known = kept.filter(digest=digest).first()
        if known is not None:
            return known
        if kept.count() >= MOST_DOCUMENTS:
            raise TooManyDocumentsError
        document = TaxDocument.objects.create(
            partner_id=locked.partner_id,
            profile=locked,
            name=plain_name(name),
            kind=judged.kind,
            size=len(judged.content),
            pages=judged.pages,
            digest=digest,
            uploaded_by=audit.person(by),
        )
        TaxDocumentContent.objects.create(document=document, content=base64.b64encode(judged.content).decode())
        audit.record("tax_document.uploaded", document, by=by, after={"profile": locked.name, "name": document.name})
    return document


@transaction.atomic
def remove(*, document: TaxDocument, by: Any) -> None:
    """Takes a document away: nobody can open it any more, that it was there stays known. Twice is the same as once."""
    if TaxDocument.objects.filter(pk=document.pk, removed_at=None).update(removed_at=DatabaseNow()):
        TaxDocumentContent.objects.filter(document=document).delete()
        audit.record("tax_document.removed", document, by=by, before={"profile": document.profile.name, "name": document.name})


@sensitive_variables()
def content_of(document: TaxDocument, *, by: Any) -> bytes:
    """The bytes, for who may read them; that they were read stands in the audit log."""
    content = base64.b64decode(document.stored.content.reveal())
    audit.record("tax_document.read", document, by=by, after={"profile": document.profile.name, "name": document.name})
    return content
