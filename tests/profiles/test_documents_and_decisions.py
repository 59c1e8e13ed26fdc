"""A decision holds for the documents that were reviewed (rules VAL-5, TAX-1, ENR-4)."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from enrollment.derivation import differences
from enrollment.models import Enrollment
from incentives_portal.core.models import AuditEntry
from profiles.errors import ArchivedError, SupersededError, TooManyDocumentsError, UnreadableNumbersError
from profiles.models import PayoutProfile, TaxDocument, TaxProfile, TaxProfileVersion, Validation
from profiles.services import documents, taxes, validations
from profiles.standing import in_force
from tests import factories as make
from tests.enrollment import journeys

from .conftest import ORGNR, PAYING_ENTITY
from .test_reviews import text_of
from .test_tax_documents import pdf, picture
from .test_unreadable import spoil

pytestmark = pytest.mark.rule("VAL-5")
As = Callable[[User], Client]
Submit = Callable[..., Validation]


@pytest.fixture
def form(tax: TaxProfile, ines: User) -> TaxDocument:
    return documents.upload(profile=tax, name="W-8BEN-E.pdf", data=pdf(), by=ines)


@pytest.fixture
def reviewed(tax: TaxProfile, form: TaxDocument, submitted: Submit, rita: User) -> Validation:
    """Version 1, approved with its form."""
    return validations.approve(validation=submitted(tax), by=rita)


def now(tax: TaxProfile) -> tuple[int, dict[str, int]]:
    profile = TaxProfile.objects.select_related("latest").get(pk=tax.pk)
    assert profile.latest is not None
    return profile.latest.number, in_force(profile)


def test_before_it_is_submitted_documents_come_and_go(tax: TaxProfile, form: TaxDocument, ines: User) -> None:
    documents.remove(document=form, by=ines)
    assert now(tax) == (1, {})


def test_removing_what_was_reviewed_makes_a_new_version(
    reviewed: Validation, tax: TaxProfile, form: TaxDocument, ines: User
) -> None:
    for _click in range(2):
        documents.remove(document=form, by=ines)
    assert now(tax) == (2, {PAYING_ENTITY: 1})
    first, second = TaxProfileVersion.objects.order_by("number")
    assert second.read_identifiers() == {"orgnr": ORGNR} and bytes(first.fingerprint) == bytes(second.fingerprint)
    assert (second.legal_name, second.form_kind, second.created_by) == (first.legal_name, first.form_kind, ines)
    entry = AuditEntry.objects.get(act="tax_profile.changed")
    assert (entry.before["version"], entry.after["version"]) == (1, 2)


def test_adding_to_what_was_reviewed_makes_one_new_version(as_: As, reviewed: Validation, tax: TaxProfile, ines: User) -> None:
    files = [
        SimpleUploadedFile(name, data) for name, data in (("a.png", picture()), ("b.jpg", picture("JPEG")), ("c.svg", b"<svg/>"))
    ]
    page = text_of(as_(ines).post(reverse("tax_document_upload", args=[tax.pk]), {"files": files}, follow=True))
    assert all(words in page for words in ("“a.png” is saved", "“b.jpg” is saved", "c.svg: "))
    assert now(tax)[0] == 2 and TaxDocument.objects.count() == 3


def test_the_same_document_again_changes_nothing(reviewed: Validation, tax: TaxProfile, form: TaxDocument, ines: User) -> None:
    assert documents.upload(profile=tax, name="again.pdf", data=pdf(), by=ines) == form
    assert now(tax) == (1, {PAYING_ENTITY: 1})


def test_what_is_under_review_meanwhile_is_not_decided(
    tax: TaxProfile, form: TaxDocument, submitted: Submit, ines: User, rita: User
) -> None:
    open_one = submitted(tax)
    documents.remove(document=form, by=ines)
    with pytest.raises(SupersededError):
        validations.approve(validation=open_one, by=rita)


@pytest.mark.rule("VAL-3")
def test_a_better_copy_answers_a_rejection(tax: TaxProfile, form: TaxDocument, submitted: Submit, ines: User, rita: User) -> None:
    validations.reject(validation=submitted(tax), reasons=[("legal_name", "document_unreadable", "")], by=rita)
    documents.upload(profile=tax, name="legible.pdf", data=pdf(2), by=ines)
    assert now(tax)[0] == 2


def test_all_are_kept_or_none(reviewed: Validation, tax: TaxProfile, ines: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", 2)
    files = [(name, documents.judge_safely(data)) for name, data in (("a.png", picture()), ("b.jpg", picture("JPEG")))]
    with pytest.raises(TooManyDocumentsError):
        documents.keep(profile=tax, files=files, by=ines)
    assert TaxDocument.objects.count() == 1 and now(tax)[0] == 1


@pytest.mark.rule("PAY-4")
def test_an_archived_profile_keeps_its_documents(as_: As, tax: TaxProfile, form: TaxDocument, ines: User) -> None:
    taxes.archive(profile=tax, by=ines)
    with pytest.raises(ArchivedError):
        documents.remove(document=form, by=ines)
    page = text_of(as_(ines).post(reverse("tax_document_remove", args=[form.pk]), follow=True))
    assert "This profile is archived." in page and TaxDocument.objects.get().removed_at is None


@pytest.mark.rule("PAY-3")
def test_numbers_that_cannot_be_read_are_not_repeated(
    reviewed: Validation, tax: TaxProfile, form: TaxDocument, payout: PayoutProfile, ines: User
) -> None:
    spoil(tax)
    with pytest.raises(UnreadableNumbersError):
        documents.remove(document=form, by=ines)


@pytest.mark.rule("ENR-4")
def test_the_page_says_first_what_goes_back_to_validation(as_: As, location: Location, ines: User, rita: User) -> None:
    row = journeys.submitted(make.ProgramFactory.create(), location, ines)
    validations.check_due()
    assert Enrollment.objects.get(pk=row.pk).status == "enrolled"
    tax = TaxProfile.objects.get()
    page = text_of(as_(ines).get(reverse("tax", args=[tax.pk])))
    assert "Adding or removing one makes a new version" in page and "A change goes back to validation" in page

    documents.upload(profile=tax, name="form.pdf", data=pdf(), by=ines)
    assert Enrollment.objects.get(pk=row.pk).status == "validating"
    validations.approve(validation=Validation.objects.get(tax_version__number=2), by=rita)
    assert Enrollment.objects.get(pk=row.pk).status == "enrolled"
    assert not differences()[1]
