import ast
import os
import re
import subprocess
import sys

import pytest

from incentives_portal.core.management.commands.reference import described
from incentives_portal.local.places import CLONE


def read_by_settings() -> set[str]:
    """The names of the variables that settings.py asks the environment for."""
    calls = [
        node
        for node in ast.walk(ast.parse((CLONE / "incentives_portal" / "settings.py").read_text()))
        if isinstance(node, ast.Call)
    ]
    names = set()
    for call in calls:
        of_env = isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "env"
        required = isinstance(call.func, ast.Name) and call.func.id == "required"
        if (of_env or required) and call.args and isinstance(call.args[0], ast.Constant):
            names.add(str(call.args[0].value))
    return names


def test_every_setting_is_documented_and_nothing_else() -> None:
    example = (CLONE / ".env.example").read_text()
    documented = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    assert documented - {"POSTGRES_PASSWORD", "POSTGRES_APPLICATION_PASSWORD"} == read_by_settings()


def test_the_reference_has_a_sentence_for_every_setting() -> None:
    settings = described((CLONE / "incentives_portal" / "settings.py").read_text())
    assert set(settings) == read_by_settings()
    assert [name for name, (_default, sentence) in settings.items() if len(sentence) < 10] == []


def test_a_setting_without_a_sentence_is_noticed() -> None:
    assert described('A = env.str("A")\n# One sentence.\nB = {"x": [\n    env.str("B")]}\n') == {
        "A": ("", ""),
        "B": ("", "One sentence."),
    }


def test_the_example_holds_no_secret() -> None:
    example = (CLONE / ".env.example").read_text()
    assert (
        re.findall(
            r"^(SECRET_KEY|FIELD_KEYS|BLIND_INDEX_KEY|POSTGRES_PASSWORD|POSTGRES_APPLICATION_PASSWORD)=(.+)$", example, re.MULTILINE
        )
        == []
    )


@pytest.mark.parametrize("name", ["DEMO", "DEBUG", "TESTING"])
@pytest.mark.parametrize("host", ["portal.example", "*", "10.0.0.7"])
def test_public_secrets_stay_on_loopback(name: str, host: str) -> None:
    """The web server's own door, which runs no system check."""
    bare = {key: value for key, value in os.environ.items() if key not in {"DEMO", "DEBUG", "TESTING"}}
    door = subprocess.run(
        [sys.executable, "-c", "import incentives_portal.wsgi"],
        env={**bare, name: "1", "ALLOWED_HOSTS": f"127.0.0.1,{host}"},
        cwd=CLONE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert door.returncode and f"ImproperlyConfigured: {name} is set" in door.stderr and f"names {host}." in door.stderr
