"""What keeps the house tidy: no template that nobody uses, no file named for nothing, no clock but one."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("incentives_portal", "accounts", "profiles", "enrollment")
CODE = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".jinja", ".txt"})
# Names that Django, allauth and the admin look for by themselves.
FRAMEWORKS = ("account/", "mfa/", "usersessions/", "socialaccount/", "allauth/", "admin/", "registration/", "django/")
ERRORS = {"400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html"}
KINDS_OF_MAIL = re.compile(r"mail/([a-z_]+)\.(?:subject\.txt|txt|html)")


def everything_said() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in [*CODE, *TEMPLATES])


@pytest.mark.rule("STA-1")
def test_every_template_is_used() -> None:
    said = everything_said()
    unused = []
    for path in TEMPLATES:
        name = path.relative_to(ROOT / "templates").as_posix()
        if name.startswith(FRAMEWORKS) or name in ERRORS:
            continue
        component = name.removeprefix("cotton/").removesuffix(".html").removesuffix("/index").replace("/", ".").replace("_", "-")
        mail = KINDS_OF_MAIL.fullmatch(name)
        if name.startswith("cotton/"):
            used = f"<c-{component}" in said
        elif mail and not mail[1].startswith("_"):
            used = f'"{mail[1]}"' in said or f"{mail[1]} = " in said.lower()
        else:
            part = name.removeprefix("frame/_").removesuffix(".jinja")
            used = name in said or name.rpartition(".")[0] + ".{" in said or f'{{% frame "{part}" %}}' in said
        if not used:
            unused.append(name)
    assert not unused


def test_files_are_named_for_what_they_hold() -> None:
    asked_for_by_django = {"incentives_portal/core/postgresql/base.py"}
    badly_named = [path for path in CODE if path.stem in {"utils", "helpers", "managers", "base"}]
    assert {path.relative_to(ROOT).as_posix() for path in badly_named} <= asked_for_by_django


def test_there_is_one_clock() -> None:
    """The machine's clock decides nothing: whatever is stored or decided asks `incentives_portal.core.clock`."""
    machine = re.compile(r"timezone\.now\(|date\.today\(|datetime\.now\(|datetime\.utcnow\(")
    exempt = ("incentives_portal/local/",)
    found = [
        path.relative_to(ROOT).as_posix()
        for path in CODE
        if machine.search(path.read_text(encoding="utf-8")) and not path.relative_to(ROOT).as_posix().startswith(exempt)
    ]
    assert not found


def test_tasks_are_hinted_at_and_never_sent_inside_a_transaction() -> None:
    assert not [path for path in CODE if re.search(r"\.(delay|apply_async)\(", path.read_text(encoding="utf-8"))]


def test_links_between_the_documents_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken


def test_every_rule_that_is_cited_can_be_looked_up() -> None:
    cited = re.compile(r"\b(?:ACC|PRG|ELI|STA|INV|ENR|PAY|TAX|VAL|FIS|OPS)-\d+\b")
    known = set(re.findall(r"\*\*([A-Z]{3}-\d)\*\*", (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")))
    tests = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert not {rule for text in [everything_said(), *tests] for rule in cited.findall(text)} - known
