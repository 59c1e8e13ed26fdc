from typing import Any

import pytest
import yaml

from incentives_portal.local import postgres, processes, redis
from incentives_portal.local.places import CLONE


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((CLONE / "docker-compose.yml").read_text()))


def test_it_runs_the_commands_of_the_demonstration(compose: dict[str, Any]) -> None:
    commands = {name: tuple(service["command"]) for name, service in compose["services"].items() if "command" in service}
    assert commands["web"] == processes.web("0.0.0.0:8000")
    assert commands["worker"] == processes.WORKER
    assert commands["beat"] == processes.BEAT
    assert commands["migrate"] == processes.MIGRATE


def test_its_postgresql_is_the_one_of_the_tests(compose: dict[str, Any]) -> None:
    assert compose["services"]["postgres"]["image"] == f"postgres:{postgres.MAJOR}"


@pytest.mark.django_db
def test_the_tests_run_on_that_postgresql() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) // 10_000 == postgres.MAJOR


def test_its_redis_keeps_what_the_demonstrations_keeps(compose: dict[str, Any]) -> None:
    program, *words = compose["services"]["redis"]["command"]
    flags = {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)}
    assert program == "redis-server"
    assert flags == {**redis.DURABLE, "save": ""}


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_they_wait_for_the_migration_and_say_how_they_are(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@pytest.mark.rule("OPS-3")
def test_the_owner_of_the_tables_logs_in_for_migrations_alone(compose: dict[str, Any]) -> None:
    settings = {name: service.get("environment", {}) for name, service in compose["services"].items()}
    assert [name for name, each in settings.items() if "DATABASE_OWNER_URL" in each] == ["migrate"]
    for name in ("web", "worker", "beat"):
        assert settings[name]["DATABASE_URL"].startswith(f"postgresql://{postgres.APPLICATION}:")
        assert settings[name]["POSTGRES_PASSWORD"] == ""  # else .env would hand it over


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_workers_and_beats_can_be_many(compose: dict[str, Any], name: str) -> None:
    """`--scale worker=4`: nothing of a container that only one can have."""
    assert not {"container_name", "hostname", "ports"} & compose["services"][name].keys()
    assert "-n" not in compose["services"][name]["command"]


def test_every_variable_that_it_wants_is_documented(compose: dict[str, Any]) -> None:
    import re

    text = (CLONE / "docker-compose.yml").read_text()
    example = (CLONE / ".env.example").read_text()
    for name in re.findall(r"\$\{([A-Z_]+)", text):
        assert f"{name}=" in example, name
