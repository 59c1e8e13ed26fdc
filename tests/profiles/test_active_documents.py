"""What makes a PDF do something, or hold another file, however it is written (rule TAX-1)."""

import time

import pytest

from profiles.documents.judging import RefusedFileError, judge

pytestmark = pytest.mark.rule("TAX-1")
CATALOG = b"<< /Type /Catalog /Pages 2 0 R %s >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] %s >>"


def written(root: bytes = b"", page: bytes = b"", *more: bytes, count: int = 1) -> bytes:
    """A document of one page as a text editor writes it; objects from 4 on are `more`."""
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count %d >>" % count
    return whole([CATALOG % root, pages, PAGE % page, *more])


def whole(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, thing in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, thing)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return out + head + table + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))


ACTIVE = {
    "a file without a type": written(b"", b"/Annots [<< /Subtype /Link /FS << /F (run.exe) /EF << /F 4 0 R >> >> >>]", b"<< >>"),
    "an annotation that holds a file": written(b"", b"/Annots [<< /Type /Annot /Subtype /FileAttachment >>]"),
    "its subtype elsewhere": written(b"", b"/Annots [<< /Type /Annot /Subtype 4 0 R >>]", b"/FileAttachment"),
    "an associated file": written(b"/AF [4 0 R]", b"", b"<< /F (x) >>"),
    "a type elsewhere": written(b"/Names 4 0 R", b"", b"<< /Type 5 0 R /F (x) >>", b"/Filespec"),
    "what starts a program, named elsewhere": written(b"/OpenAction << /S 4 0 R /F (cmd.exe) >>", b"", b"/Launch"),
    "a document on another machine": written(b"", b"/AA << /O << /S /GoToR /F (\\\\\\\\evil\\\\a.pdf) /D [0 /Fit] >> >>"),
    "a link to another document": written(b"", b"/Annots [<< /Subtype /Link /A << /S /GoToR /F (a.pdf) >> >>]"),
    "an address when it opens": written(b"/OpenAction << /S /URI /URI (https://evil.example/) >>"),
    "an address after a place": written(b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next [<< /S /URI /URI (https://evil) >>] >>"),
    "an address when a page opens": written(b"", b"/AA 4 0 R", b"<< /O 5 0 R >>", b"<< /S /URI /URI (https://evil.example/) >>"),
    "a name in disguise": written(b"/OpenAction << /S /J#61vaScript /J#53 (app.alert(1)) >>"),
    "content in another file": written(b"", b"/Contents 4 0 R", b"<< /Length 0 /F (\\\\\\\\evil\\\\x) >>\nstream\n\nendstream"),
    "a film": written(b"", b"/Annots [<< /Subtype /Movie >>]"),
    "a rendition": written(b"", b"/Annots [<< /Subtype /Link /A << /S /Rendition >> >>]"),
}
HARMLESS = {
    "a plain one": written(),
    "one that opens at a place": written(b"/OpenAction [3 0 R /Fit]"),
    "one that goes to a place": written(b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >>"),
    "a link to follow": written(b"", b"/Annots [<< /Subtype /Link /A << /S /URI /URI (https://www.irs.gov/) >> >>]"),
    "a form": written(b"/AcroForm << /Fields [4 0 R] >>", b"/Annots [4 0 R]", b"<< /Subtype /Widget /FT /Tx /T (name) >>"),
}


@pytest.mark.parametrize("name", ACTIVE)
def test_what_acts_is_refused(name: str) -> None:
    with pytest.raises(RefusedFileError) as refused:
        judge(ACTIVE[name])
    assert refused.value.code == "active"


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_shows_is_kept(name: str) -> None:
    assert judge(HARMLESS[name]).pages == 1


def test_too_many_pages_are_not_listed_first() -> None:
    kids = b" ".join([b"3 0 R"] * 55_000)
    pages = b"<< /Type /Pages /Kids [%s] /Count 55000 >>" % kids
    data = whole([CATALOG % b"", pages, PAGE % b""])
    begun = time.process_time()
    with pytest.raises(RefusedFileError) as refused:
        judge(data)
    assert refused.value.code == "too_many_pages" and time.process_time() - begun < 2
