"""What an uploaded file is, and whether it can be kept: pure, from its bytes alone.

PDF, PNG and JPEG are known by how they begin and end, and must be readable as such. Pictures are written anew, so that
nothing but the picture is kept. A PDF is kept as it is, if it is not encrypted, runs nothing and carries no other file.
Reading hostile files takes memory and time: `profiles.documents.guarded` does it in a process with limits.
"""

import io
import zipfile
from dataclasses import dataclass
from typing import Any

from PIL import Image, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, StreamObject

LARGEST = 5 * 1024 * 1024
MOST_PAGES = 30
MOST_PIXELS = 40_000_000
# What makes a PDF do something when it is opened, or hold another file.
ACTIVE = frozenset(
    [
        "/JavaScript",
        "/JS",
        "/Launch",
        "/EmbeddedFiles",
        "/EmbeddedFile",
        "/RichMedia",
        "/XFA",
        "/SubmitForm",
        "/ImportData",
        "/GoToE",
        "/GoToR",
        "/EF",
        "/AF",
        "/RF",
        "/FileAttachment",
        "/Movie",
        "/Sound",
        "/Screen",
        "/3D",
        "/Rendition",
        "/GoTo3DView",
    ]
)
# What is done by itself, when the document or a page of it is opened; going to a place in it is all that is let through.
BY_ITSELF = ("/OpenAction", "/AA")
_NAMING = ("/S", "/Type", "/Subtype")
_DEEPEST = 60


class RefusedFileError(ValueError):
    """A file that isn't kept; `code` is one of the codes of `profiles.documents.words`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Judged:
    """A file that is kept: its content type, its pages, and the bytes to keep."""

    kind: str
    pages: int
    content: bytes


def judge(data: bytes) -> Judged:
    """What `data` is. Raises RefusedFileError."""
    if not data:
        raise RefusedFileError("empty")
    if len(data) > LARGEST:
        raise RefusedFileError("too_large")
    if data.startswith(b"%PDF-"):
        return _judge_pdf(data)
    if data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        return _judge_picture(data)
    raise RefusedFileError("not_supported")


def _judge_picture(data: bytes) -> Judged:
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG"]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise RefusedFileError("too_many_pixels")
            kind = "PNG" if picture.format == "PNG" else "JPEG"
            plain = picture.convert("RGB")
    except Image.DecompressionBombError:
        raise RefusedFileError("too_many_pixels") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, RefusedFileError):
            raise
        raise RefusedFileError("damaged") from None
    written = io.BytesIO()
    plain.save(written, kind, **({"quality": 90} if kind == "JPEG" else {"optimize": False}))
    if written.tell() > LARGEST:
        raise RefusedFileError("too_large")
    return Judged(f"image/{kind.lower()}", 1, written.getvalue())


def _judge_pdf(data: bytes) -> Judged:
    # What follows the end, or makes it a ZIP archive too, is read by other programs and by no PDF reader.
    end = data.rfind(b"%%EOF")
    if end < 0 or data[end + 5 :].strip(b"\r\n \0") or zipfile.is_zipfile(io.BytesIO(data)):
        raise RefusedFileError("damaged" if end < 0 else "not_only_a_document")
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            raise RefusedFileError("encrypted")
        # As written, first: to list 50,000 pages takes long. What lies is found out by the list.
        if _said(reader) > MOST_PAGES or (pages := len(reader.pages)) > MOST_PAGES:
            raise RefusedFileError("too_many_pages")
        if pages == 0:
            raise RefusedFileError("damaged")
        _refuse_active(reader)
    except RefusedFileError:
        raise
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, AssertionError):
        raise RefusedFileError("damaged") from None
    return Judged("application/pdf", pages, data)


def _said(reader: PdfReader) -> int:
    """How many pages the document says it has; 0 where it doesn't say."""
    pages = _value(_value(reader.trailer, "/Root"), "/Pages")
    said = _value(pages, "/Count")
    return int(said) if isinstance(said, int) else 0


def _value(thing: Any, key: str) -> Any:
    """What stands at a key, wherever in the file it is written."""
    if not isinstance(thing, DictionaryObject) or key not in thing:
        return None
    return _resolved(dict.__getitem__(thing, key))


def _resolved(value: Any) -> Any:
    for _step in range(_DEEPEST):
        if not isinstance(value, IndirectObject):
            return value
        value = value.get_object()
    raise RefusedFileError("damaged")


def _is_active(thing: DictionaryObject) -> bool:
    names = {str(name) for name in (_value(thing, key) for key in _NAMING) if isinstance(name, NameObject)}
    if ACTIVE.intersection(thing) or ACTIVE & names or "/Filespec" in names:
        return True
    # A stream whose content lies in another file.
    if isinstance(thing, StreamObject) and "/F" in thing:
        return True
    return any(_acts(_value(thing, key), key) for key in BY_ITSELF)


def _acts(value: Any, key: str) -> bool:
    """Whether something happens by itself: /AA holds an action for each event, /OpenAction one, or a place in the document."""
    if not isinstance(value, DictionaryObject):
        return False
    actions = [_value(value, event) for event in value] if key == "/AA" else [value]
    return any(not _goes_to_a_place(action, 0) for action in actions)


def _goes_to_a_place(action: Any, depth: int) -> bool:
    if not isinstance(action, DictionaryObject) or _value(action, "/S") != "/GoTo" or depth > _DEEPEST:
        return False
    after = _value(action, "/Next")
    following = after if isinstance(after, ArrayObject) else [] if after is None else [after]
    return all(_goes_to_a_place(_resolved(one), depth + 1) for one in following)


def _refuse_active(reader: PdfReader) -> None:
    """Raises RefusedFileError where anything that can be reached from the document's root runs or carries a file."""
    seen: set[tuple[int, int]] = set()
    waiting: list[tuple[Any, int]] = [(reader.trailer.get("/Root"), 0)]
    while waiting:
        thing, depth = waiting.pop()
        if depth > _DEEPEST:
            raise RefusedFileError("damaged")
        if isinstance(thing, IndirectObject):
            if (thing.idnum, thing.generation) in seen:
                continue
            seen.add((thing.idnum, thing.generation))
            # Chains of objects may be long, as outlines are; only nesting within one object is bounded.
            thing, depth = thing.get_object(), 0
        if isinstance(thing, DictionaryObject):
            if _is_active(thing):
                raise RefusedFileError("active")
            waiting += [(dict.__getitem__(thing, key), depth + 1) for key in thing]
        elif isinstance(thing, ArrayObject):
            waiting += [(list.__getitem__(thing, place), depth + 1) for place in range(len(thing))]
