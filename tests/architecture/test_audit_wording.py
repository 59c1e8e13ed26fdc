"""Every act that is recorded has words in the audit log (rule OPS-3)."""

import ast
import re
from collections.abc import Iterator

import pytest

from incentives_portal.core.audit_wording import known_acts
from incentives_portal.local.places import CLONE

APPS = ("accounts", "profiles", "enrollment", "incentives_portal")
SOURCES = [path for app in APPS for path in sorted((CLONE / app).rglob("*.py")) if "migrations" not in path.parts]
IN_SQL = re.compile(r"'((?:role|member)_[a-z]+|[a-z_]+\.[a-z_]+)'")


def acts(tree: ast.AST) -> Iterator[str]:
    """What is recorded, as patterns: the first argument of `audit.record` and of the services that pass it on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "record" and node.args:
            yield from patterns(node.args[0], tree)


def patterns(act: ast.expr, tree: ast.AST) -> Iterator[str]:
    if isinstance(act, ast.Constant):
        yield re.escape(str(act.value))
    elif isinstance(act, ast.JoinedStr):
        yield "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in act.values)
    elif isinstance(act, ast.IfExp):
        yield from (*patterns(act.body, tree), *patterns(act.orelse, tree))
    elif isinstance(act, ast.Name):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == act.id for to in node.targets):
                yield from patterns(node.value, tree)


@pytest.mark.rule("OPS-3")
def test_every_act_has_words() -> None:
    wordless = {
        f"{path.relative_to(CLONE)}: {act}"
        for path in SOURCES
        for act in acts(ast.parse(path.read_text(encoding="utf-8")))
        if not any(re.fullmatch(act, known) for known in known_acts())
    }
    assert not wordless, "give these a sentence in the audit_wording.py of their app"


@pytest.mark.rule("OPS-3")
def test_acts_that_sql_records_have_words_too() -> None:
    writers = [
        path.read_text(encoding="utf-8") for path in SOURCES if "INSERT INTO core_auditentry" in path.read_text(encoding="utf-8")
    ]
    assert writers
    written = {act for text in writers for act in IN_SQL.findall(text) if not act.startswith("accounts.")}
    assert {"role_assigned", "role_changed", "role_ended"} <= written & known_acts()


def test_a_wordless_act_would_be_found() -> None:
    tree = ast.parse('act = "x" if a else "y"\naudit.record(act, 1)\naudit.record(f"{noun}.gone", 1)\nsigning_in.record("z", 1)')
    assert sorted(acts(tree)) == [r".+\.gone", "x", "y", "z"]
