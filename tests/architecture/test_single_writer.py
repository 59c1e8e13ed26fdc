"""Exactly one package stores a derived status (`enrollment.derivation`); the syntax trees prove it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from enrollment.derivation import DERIVED
from incentives_portal.local.places import CLONE

WRITER = CLONE / "enrollment" / "derivation"
APPS = ("accounts", "profiles", "enrollment", "incentives_portal")
SOURCES = [
    path
    for app in APPS
    for path in sorted((CLONE / app).rglob("*.py"))
    if WRITER not in path.parents and not {"migrations", "local"} & set(path.relative_to(CLONE).parts)
]
# Calls that write rows by keyword.
WRITING = {"update", "create", "get_or_create", "update_or_create", "Enrollment", "replace"}
# Derived columns of no other table; `status` and `reason` are words of other tables' rows too.
OWN = {"requirements", "derive_again_at", "status_since"}


def writes(tree: ast.AST) -> Iterator[str]:
    """The derived columns that a tree writes: assigned, named in a writing call, listed for a bulk update, or set."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (part.attr for target in targets for part in ast.walk(target) if is_column(part))
        elif isinstance(node, ast.Call):
            yield from written_by(node)


def is_column(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in {*DERIVED}


def written_by(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in WRITING:
        owner = getattr(call.func, "value", None)
        of_enrollments = name == "Enrollment" or "Enrollment" in (ast.dump(owner) if owner else "")
        yield from (word.arg for word in call.keywords if word.arg in (DERIVED if of_enrollments else OWN))
    if name in {"bulk_update", "save", "setattr", "settle"}:
        texts = {
            node.value
            for argument in [*call.args, *[word.value for word in call.keywords]]
            for node in ast.walk(argument)
            if isinstance(node, ast.Constant)
        }
        yield from sorted(text for text in texts if text in {*DERIVED} and isinstance(text, str))


@pytest.mark.rule("STA-1")
def test_nobody_else_writes_a_derived_column() -> None:
    found = [f"{path.relative_to(CLONE)}: {column}" for path in SOURCES for column in writes(ast.parse(path.read_text()))]
    assert not found


def test_the_writer_itself_would_be_found() -> None:
    assert set(writes(ast.parse((WRITER / "rows.py").read_text()))) >= {
        "status",
        "reason",
        "requirements",
        "derive_again_at",
        "status_since",
    }


@pytest.mark.parametrize(
    "line",
    [
        "row.status = 'enrolled'",
        "a, row.reason = 1, 2",
        "Enrollment.objects.filter(pk=1).update(status='enrolled')",
        "rows.update(derive_again_at=None)",
        "Enrollment(status='enrolled')",
        "setattr(row, 'status', 'enrolled')",
        "Enrollment.objects.bulk_update(rows, ['status'])",
        "row.save(update_fields=['status'])",
    ],
)
def test_these_would_be_found_too(line: str) -> None:
    assert list(writes(ast.parse(line)))


def test_no_sql_updates_enrollments() -> None:
    write = re.compile(r"\b(UPDATE|INSERT\s+INTO)\s+enrollment_enrollment\b", re.IGNORECASE)
    assert not [path for path in SOURCES if write.search(Path(path).read_text())]
    assert write.search((WRITER / "sets.py").read_text())
