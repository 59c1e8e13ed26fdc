"""What Prometheus reads: how long requests took by the name of their address, and the portal's figures."""

import os
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as portal_settings
from django.db import connection
from django.test import Client

from accounts.models import User
from incentives_portal.core import gauges
from incentives_portal.local import processes
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.rule("OPS-1")]


def read(client: Client | None = None, **headers: Any) -> str:
    response = (client or Client()).get("/metrics", **headers)
    assert response.status_code == 200
    return response.content.decode()


def test_requests_are_counted_by_the_name_of_their_address(as_: Callable[[User], Client], ines: User) -> None:
    row = make.EnrollmentFactory.create()
    as_(ines).get(f"/incentives/{row.pk}/")
    Client().get("/nothing/like/SE4550000000058398257466/")
    text = read()
    assert 'portal_request_seconds_count{name="enrollment"}' in text
    assert 'portal_requests_total{method="GET",name="none",status="4xx"}' in text
    assert str(row.pk) not in text
    assert "SE45" not in text


def test_every_figure_is_there_and_tells_of_no_row(ines: User) -> None:
    make.EnrollmentFactory.create()
    text = read()
    for one in gauges.every_gauge():
        assert f"# HELP {one.name} {one.text}\n" in text
    assert 'portal_enrollments{status="inactive"} 1.0' in text
    assert 'portal_mails_waiting{state="given_up"} 0.0' in text
    assert 'portal_validations_open{state="overdue"} 0.0' in text
    assert ines.email not in text


def test_a_figure_that_cannot_be_counted_spoils_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = gauges.Gauge("portal_broken", "Broken", "", lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    monkeypatch.setitem(gauges._gauges, "portal_broken", broken)
    assert "portal_mails_waiting" in read()


def test_with_a_token_it_is_read_with_the_token_alone(settings: Any) -> None:
    settings.METRICS_TOKEN = "s3cret-of-prometheus"
    assert "portal_enrollments" in read(headers={"Authorization": "Bearer s3cret-of-prometheus"})
    for said in ("", "Bearer ", "Bearer s3cret", "s3cret-of-prometheus x", "Basic s3cret-of-prometheus"):
        assert Client().get("/metrics", headers={"Authorization": said}).status_code == 404


def test_without_one_this_machine_alone_reads_it() -> None:
    assert Client().get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 404
    assert Client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    assert Client().get("/metrics", REMOTE_ADDR="nonsense").status_code == 404


def test_a_process_that_lives_says_so_whatever_else_is_away(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/live").content == b"ok\n"


@pytest.mark.django_db(transaction=True)
def test_the_processes_of_a_server_count_together(tmp_path: Path, free_port: int) -> None:
    """Two processes of gunicorn: whichever is asked knows all of the requests."""
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}"))
    server = subprocess.Popen(
        processes.here(processes.web(f"127.0.0.1:{free_port}")),
        cwd=portal_settings.BASE_DIR,
        env=os.environ | {"TESTING": "1", "DATABASE_URL": url, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(free_port)
        for _ in range(30):
            _get(free_port, "/live")
        counted = {_count(_get(free_port, "/metrics")) for _ in range(6)}
    finally:
        server.terminate()
        server.wait()
    assert min(counted) >= 30, counted


@pytest.fixture
def free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return str(answer.read().decode())


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            _get(port, "/live")
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        else:
            return


def _count(text: str) -> float:
    (line,) = [line for line in text.splitlines() if line.startswith('portal_request_seconds_count{name="live"}')]
    return float(line.rpartition(" ")[2])
