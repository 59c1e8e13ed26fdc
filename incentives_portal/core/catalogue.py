"""The Swedish catalogue, kept by Babel, so that no GNU gettext need be installed."""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

FOLDERS = ("incentives_portal", "accounts", "profiles", "enrollment")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
Found = tuple[str, int, str | tuple[str, ...], str | None]


def po_path(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def texts() -> Iterator[Found]:
    """Every text in the code and the templates: where, line, text (or singular and plural), context."""
    for folder in FOLDERS:
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _texts_in(path, path.read_text(encoding="utf-8"))
    for path in sorted((settings.BASE_DIR / "templates").rglob("*")):
        if path.suffix == ".jinja":
            # Django's reading below finds only a text that an expression begins with.
            yield from _texts_in(path, path.read_text(encoding="utf-8"), "jinja2", silent="false")
        elif path.suffix in {".html", ".txt"}:
            marked = templatize(path.read_text(encoding="utf-8"), origin=str(path))
            # What is left of the markup is indented as markup is, which Python would stumble over.
            yield from _texts_in(path, "\n".join(line.strip() for line in marked.splitlines()))


def _texts_in(path: Path, source: str, language: str = "python", **options: str) -> Iterator[Found]:
    where = path.relative_to(settings.BASE_DIR).as_posix()
    stream = io.BytesIO(source.encode())
    for line, text, _comments, context in extract(language, stream, keywords=KEYWORDS, options={"encoding": "utf-8", **options}):
        yield where, line, text, context


def fresh(language: str) -> Catalog:
    """The catalogue as it should be: every text found, with the translations that are known."""
    known = read(language)
    catalogue = Catalog(locale=language, project="incentives-portal", charset="utf-8", fuzzy=False, header_comment="")
    found: dict[tuple[str, str | None], str | tuple[str, ...]] = {}
    for _where, _line, text, context in texts():
        singular = text if isinstance(text, str) else text[0]
        # A text that also has a plural somewhere is one entry, with the plural.
        if not isinstance(found.get((singular, context)), tuple):
            found[singular, context] = text
    for (singular, context), text in found.items():
        message = known.get(singular, context)
        fits = message is not None and isinstance(message.string, str) == isinstance(text, str)
        catalogue.add(text, message.string if message and fits else "" if isinstance(text, str) else ("", ""), context=context)
    return catalogue


def read(language: str) -> Catalog:
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def write(language: str, catalogue: Catalog) -> None:
    """Writes the catalogue as text and compiled, in a stable order and without dates."""
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_text(catalogue))
    with path.with_suffix(".mo").open("wb") as stream:
        write_mo(stream, catalogue)


def as_text(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalogue, sort_output=True, no_location=True, omit_header=False, width=0)
    dated = (
        b'"POT-Creation-Date',
        b'"PO-Revision-Date',
        b'"Generated-By',
        b'"Last-Translator',
        b'"Language-Team',
        b'"Report-Msgid',
    )
    return b"\n".join(line for line in buffer.getvalue().split(b"\n") if not line.startswith(dated))


def untranslated(catalogue: Catalog) -> list[str]:
    """The texts that have no translation, or one that lost a placeholder."""
    missing = []
    for message in catalogue:
        if not message.id:
            continue
        strings = message.string if isinstance(message.string, list | tuple) else [message.string]
        if not all(strings) or list(message.check(catalogue)):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return missing
