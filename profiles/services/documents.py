"""Documents of tax profiles: uploaded, removed, read (rule TAX-1)."""

import base64
import hashlib
import unicodedata
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from incentives_portal.core import audit
from incentives_portal.core.clock import DatabaseNow
from profiles.documents.guarded import judge_safely
from profiles.documents.judging import Judged
from profiles.errors import ArchivedError, TooManyDocumentsError
from profiles.models import TaxDocument, TaxDocumentContent, TaxProfile
from profiles.services import taxes, versions
from profiles.standing import is_submitted

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


@sensitive_variables("data")
def upload(*, profile: TaxProfile, name: str, data: bytes, by: Any) -> TaxDocument:
    """Judges and keeps one document. Raises RefusedFileError (see `documents.words`), and what `keep` does."""
    # Outside the transaction: reading a hostile file takes its time, and must hold no lock meanwhile.
    return keep(profile=profile, files=[(plain_name(name), judge_safely(data))], by=by)[0]


@transaction.atomic
@sensitive_variables("files")
def keep(*, profile: TaxProfile, files: Sequence[tuple[str, Judged]], by: Any) -> list[TaxDocument]:
    """Keeps files under their names, all or none. The same bytes again are the document that is there.

    What is added to a version that was submitted was not reviewed with it: there is a new version (rule VAL-5), one for all.
    Raises ArchivedError, TooManyDocumentsError, UnreadableNumbersError.
    """
    locked = _lock_to_change(profile)
    there = {bytes(document.digest): document for document in TaxDocument.objects.filter(profile=locked, removed_at=None)}
    before, kept = len(there), []
    for name, judged in files:
        digest = hashlib.sha256(judged.content).digest()
        if digest not in there:
            there[digest] = _store(locked, name, judged, digest, by)
        kept.append(there[digest])
    if len(there) > max(before, MOST_DOCUMENTS):
        raise TooManyDocumentsError
    if len(there) > before:
        _validate_anew(locked, by)
    return kept


def _store(profile: TaxProfile, name: str, judged: Judged, digest: bytes, by: Any) -> TaxDocument:
    document = TaxDocument.objects.create(
        partner_id=profile.partner_id,
        profile=profile,
        name=name,
        kind=judged.kind,
        size=len(judged.content),
        pages=judged.pages,
        digest=digest,
        uploaded_by=audit.person(by),
    )
    TaxDocumentContent.objects.create(document=document, content=base64.b64encode(judged.content).decode())
    audit.record("tax_document.uploaded", document, by=by, after={"profile": profile.name, "name": document.name})
    return document


@transaction.atomic
def remove(*, document: TaxDocument, by: Any) -> None:
    """Takes a document away: nobody can open it any more, that it was there stays known. Twice is the same as once.

    A version that was submitted with it is followed by one without it, which is validated anew (rule VAL-5).
    Raises ArchivedError, UnreadableNumbersError.
    """
    profile = _lock_to_change(document.profile)
    if TaxDocument.objects.filter(pk=document.pk, removed_at=None).update(removed_at=DatabaseNow()):
        TaxDocumentContent.objects.filter(document=document).delete()
        audit.record("tax_document.removed", document, by=by, before={"profile": profile.name, "name": document.name})
        _validate_anew(profile, by)


def _lock_to_change(profile: TaxProfile) -> TaxProfile:
    locked = versions.lock(profile)
    if locked.archived_at is not None:
        raise ArchivedError
    return locked


def _validate_anew(profile: TaxProfile, by: Any) -> None:
    if is_submitted(profile):
        taxes.say_again(profile=profile, by=by)


@sensitive_variables()
def content_of(document: TaxDocument, *, by: Any) -> bytes:
    """The bytes, for who may read them; that they were read stands in the audit log."""
    content = base64.b64decode(document.stored.content.reveal())
    audit.record("tax_document.read", document, by=by, after={"profile": document.profile.name, "name": document.name})
    return content
