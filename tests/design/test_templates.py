"""What a strict content security policy and a reader without JavaScript ask of every template."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = sorted(path for path in Path(settings.BASE_DIR, "templates").rglob("*") if path.suffix in {".html", ".jinja"})
# A mail program knows no style sheet: what is mailed carries its styles in itself.
PAGES = [path for path in TEMPLATES if "mail" not in path.relative_to(settings.BASE_DIR / "templates").parts[:1]]
HTML_TAG = re.compile(r"<[a-zA-Z][^<>]*>")


def named(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_nothing_inline(path: Path) -> None:
    text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", path.read_text(), flags=re.DOTALL)
    for tag in HTML_TAG.findall(text):
        assert not re.search(r"\sstyle\s*=", tag), tag
        assert not re.search(r"\son[a-z]+\s*=", tag), tag
        assert not re.search(r"\shx-on[:a-z-]*\s*=", tag), tag
        assert "javascript:" not in tag, tag
    assert "<style" not in text
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script, script


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_nothing_from_elsewhere(path: Path) -> None:
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", path.read_text())


def test_every_class_of_the_templates_has_a_style() -> None:
    """A class that no style sheet names is a typing mistake, or a promise that nobody keeps."""
    styles = "".join(path.read_text() for path in Path(settings.BASE_DIR, "static", "css").glob("*.css"))
    known = set(re.findall(r"\.([a-z][a-z0-9-]*)", styles)) | HOOKS
    unknown: dict[str, set[str]] = {}
    for path in PAGES:
        text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", " ", path.read_text(), flags=re.DOTALL)
        for value in re.findall(r'\bclass="([^"]*)"', text):
            for name in set(value.split()) - known:
                unknown.setdefault(name, set()).add(named(path))
    assert not unknown


# Classes that carry no look of their own but say what a thing is.
HOOKS = {"role-grid"}
