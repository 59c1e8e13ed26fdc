"""Documents of tax profiles: judged by content, kept encrypted, read as attachments (rule TAX-1)."""

import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from PIL import Image, PngImagePlugin
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from accounts.models import Location, User
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry, Mail
from profiles.documents import guarded, judging
from profiles.documents.guarded import judge_safely
from profiles.documents.judging import RefusedFileError
from profiles.documents.words import REFUSALS, refusal_in_words
from profiles.models import TaxDocument, TaxProfile
from profiles.services import documents, reminders, taxes
from tests import factories as make

from .conftest import RESIDENCE, tax_fields

pytestmark = pytest.mark.rule("TAX-1")
As = Callable[[User], Client]


def pdf(pages: int = 1, *, password: str = "", change: Callable[[PdfWriter], object] = lambda _writer: None) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    writer.add_metadata({"/Title": "canary-title"})
    change(writer)
    if password:
        writer.encrypt(password)
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


def with_a_script(writer: PdfWriter) -> None:
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)


def picture(kind: str = "PNG", size: tuple[int, int] = (20, 30), **more: Any) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", size, "teal").save(held, kind, **more)
    return held.getvalue()


def png_with_a_text() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "<script>alert(1)</script>")
    return picture(pnginfo=notes)


def archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("run.exe", "MZ")
    return held.getvalue()


def huge_png() -> bytes:
    """A header that claims 60,000 × 60,000 pixels."""
    data = bytearray(picture())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


def bomb() -> bytes:
    """A PDF whose objects lie in a stream that unpacks to a gigabyte."""
    packed = zlib.compressobj(9)
    body = b"".join(packed.compress(b" " * (1 << 20)) for _ in range(1024)) + packed.flush()
    return (
        b"%PDF-1.5\n1 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length "
        + str(len(body)).encode()
        + b" >>\nstream\n"
        + body
        + b"\nendstream\nendobj\n2 0 obj\n<< /Type /XRef /Size 4 /W [1 4 1] /Root 3 0 R /Index [0 4] /Length 24 >>\nstream\n"
        + b"\0\0\0\0\0\xff"
        + b"\x01\0\0\0\x09\0"
        + b"\x01"
        + (len(body) + 110).to_bytes(4, "big")
        + b"\0\x02\0\0\0\x01\0"
        + b"\nendstream\nendobj\nstartxref\n"
        + str(len(body) + 118).encode()
        + b"\n%%EOF"
    )


HOSTILE = {
    "nothing": (b"", "empty"),
    "an SVG named .pdf": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not_supported"),
    "HTML": (b"<!doctype html><script>alert(1)</script>", "not_supported"),
    "a ZIP": (archive(), "not_supported"),
    "a GIF": (b"GIF89a" + b"\0" * 40, "not_supported"),
    "a PDF and a ZIP in one": (pdf() + archive(), "not_only_a_document"),
    "a PDF with something behind it": (pdf() + b"<script>alert(1)</script>", "not_only_a_document"),
    "a ZIP before the PDF": (archive() + pdf(), "not_supported"),
    "half a PDF": (pdf()[:200], "damaged"),
    "a PDF's beginning alone": (b"%PDF-1.7\n%%EOF", "damaged"),
    "half a PNG": (picture()[:40], "damaged"),
    "half a JPEG": (picture("JPEG")[:200], "damaged"),
    "too many pixels": (huge_png(), "too_many_pixels"),
    "too many pages": (pdf(judging.MOST_PAGES + 1), "too_many_pages"),
    "a password": (pdf(password="secret"), "encrypted"),
    "scripts": (pdf(change=with_a_script), "active"),
    "another file inside": (pdf(change=lambda writer: writer.add_attachment("run.exe", b"MZ")), "active"),
    "larger than may be": (b"%PDF-" + b"x" * judging.LARGEST, "too_large"),
    "a gigabyte in a few kilobytes": (bomb(), {"took_too_long", "damaged"}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_words_and_nothing_is_kept(name: str, as_: As, ines: User, tax: TaxProfile) -> None:
    data, expected = HOSTILE[name]
    with pytest.raises(RefusedFileError) as refused:
        judge_safely(data)
    assert refused.value.code in ({expected} if isinstance(expected, str) else expected)

    file = SimpleUploadedFile("form.pdf", data, "application/pdf")
    response = as_(ines).post(reverse("tax_document_upload", args=[tax.pk]), {"files": [file]}, follow=True)
    page = unescape(response.content.decode())
    assert response.status_code == 200
    assert "form.pdf" in page or not data  # Django itself drops an empty file
    assert refusal_in_words(refused.value.code) in page or not data
    assert not TaxDocument.objects.exists()


def test_who_reads_hostile_files_is_given_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIELD_KEYS", "SECRET_KEY", "DATABASE_URL"):
        monkeypatch.setenv(name, "canary")
    told = "import json, os; print(json.dumps({'kind': ' '.join(f'{name}={os.environ[name]}' for name in os.environ), 'pages': 1}))"
    monkeypatch.setattr(guarded, "_START", told)
    assert judge_safely(b"").kind == "LANG=C.UTF-8"


def test_every_refusal_has_its_words_and_says_what_to_do() -> None:
    for code in REFUSALS:
        assert refusal_in_words(code).count(".") >= 2 or "Choose" in refusal_in_words(code)


@pytest.mark.parametrize(("data", "kind"), [(pdf(3), "application/pdf"), (picture(), "image/png"), (picture("JPEG"), "image/jpeg")])
def test_what_is_kept_is_read_back_as_an_attachment(
    data: bytes, kind: str, as_: As, ines: User, rita: User, tax: TaxProfile
) -> None:
    file = SimpleUploadedFile("W-8BEN-E ünder\u202eskriven.pdf", data, "text/html")
    as_(ines).post(reverse("tax_document_upload", args=[tax.pk]), {"files": [file]})
    document = TaxDocument.objects.get()
    assert (document.kind, document.name) == (kind, "W-8BEN-E ünderskriven.pdf")
    for reader in (ines, rita):
        response = as_(reader).get(reverse("tax_document", args=[document.pk]))
        assert response.headers["Content-Type"] == kind
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in response.headers["Content-Security-Policy"]
        assert "no-store" in response.headers["Cache-Control"]
        assert judging.judge(response.content).kind == kind
    assert AuditEntry.objects.filter(act="tax_document.read").count() == 2


def test_a_picture_is_written_anew_without_what_it_carried(tax: TaxProfile, ines: User) -> None:
    for data in (png_with_a_text(), picture() + b"<script>alert(1)</script>", picture("JPEG") + archive()):
        kept = judge_safely(data).content
        assert b"script" not in kept and b"PK\x03\x04" not in kept


def test_what_is_stored_cannot_be_read_from_the_database(tax: TaxProfile, ines: User) -> None:
    documents.upload(profile=tax, name="form.pdf", data=pdf(), by=ines)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM profiles_taxdocumentcontent")
        stored = bytes(cursor.fetchone()[0])
    assert b"canary-title" not in stored and b"%PDF" not in stored and b"JVBERi" not in stored


def test_a_double_click_keeps_one(tax: TaxProfile, ines: User) -> None:
    data = pdf()
    first, second = (documents.upload(profile=tax, name=name, data=data, by=ines) for name in ("a.pdf", "b.pdf"))
    assert first == second and TaxDocument.objects.count() == 1


def test_removed_is_gone_and_known(as_: As, tax: TaxProfile, ines: User) -> None:
    document = documents.upload(profile=tax, name="form.pdf", data=pdf(), by=ines)
    for _click in range(2):
        as_(ines).post(reverse("tax_document_remove", args=[document.pk]))
    assert as_(ines).get(reverse("tax_document", args=[document.pk])).status_code == 404
    assert TaxDocument.objects.get().removed_at and AuditEntry.objects.filter(act="tax_document.removed").count() == 1
    documents.upload(profile=tax, name="form.pdf", data=pdf(), by=ines)


@pytest.mark.rule("ACC-8")
def test_nobody_else_reads_it(
    as_: As, tax: TaxProfile, ines: User, gunnar: User, otto: User, petra: User, second_location: Location
) -> None:
    document = documents.upload(profile=tax, name="form.pdf", data=pdf(), by=ines)
    pia = make.person("Pia Ek", tax.partner, make.INCENTIVES_ADMIN, second_location)
    for user in (gunnar, otto, petra, pia):
        assert as_(user).get(reverse("tax_document", args=[document.pk])).status_code == 404
        assert as_(user).post(reverse("tax_document_remove", args=[document.pk])).status_code in {403, 404}
        assert as_(user).post(reverse("tax_document_upload", args=[tax.pk])).status_code in {403, 404}
    assert TaxDocument.objects.get().removed_at is None


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\forms\\w9.pdf", "w9.pdf"),
        ("\r\nX: y.pdf", "X: y.pdf"),
        ("\0", "document"),
        ("..", "document"),
    ],
)
def test_a_name_is_only_a_name(typed: str, shown: str) -> None:
    assert documents.plain_name(typed) == shown


def test_a_very_long_name_keeps_its_ending() -> None:
    assert len(documents.plain_name("x" * 10_000 + ".pdf")) <= 120 and documents.plain_name("x" * 10_000 + ".pdf").endswith(".pdf")


@pytest.mark.parametrize(("left", "threshold"), [(91, None), (90, 90), (31, 90), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None)])
def test_thresholds(left: int, threshold: int | None) -> None:
    assert reminders.threshold_crossed(left) == threshold


def test_reminders_by_threshold_crossed_once_each(location: Location, ines: User, gunnar: User) -> None:
    expires = clock.today() + dt.timedelta(days=85)
    taxes.create(location=location, by=ines, **tax_fields(RESIDENCE | {"expires_on": expires}))

    def told() -> int:
        return Mail.objects.filter(kind="tax_expiry", to=ines.email).count()

    # 85 days left, the next day, a pause over the threshold of 30, the last week, its last day, and after it.
    for later, expected in ((0, 1), (1, 1), (60, 2), (18, 3), (6, 3), (1, 3)):
        clock.move(by=dt.timedelta(days=later))
        reminders.remind_of_expiry()
        assert told() == expected
    assert not Mail.objects.filter(kind="tax_expiry").exclude(to=ines.email).exists()
