import ast

import pytest

from incentives_portal.local.places import CLONE


@pytest.mark.parametrize("name", ["status", "eligibility", "nearest_way"])
def test_the_rules_know_of_django_nothing_but_its_translations(name: str) -> None:
    tree = ast.parse((CLONE / "enrollment" / f"{name}.py").read_text())
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    of_django = {module for module in imported if module.split(".")[0] == "django"}
    assert of_django <= {"django.utils.translation"}
