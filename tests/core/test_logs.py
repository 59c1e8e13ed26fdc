"""Lines of the logs are one JSON object each, with the id of the request or the task that they belong to (rule OPS-1)."""

import io
import json
import logging
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pythonjsonlogger.json import JsonFormatter

from incentives_portal.core import request_ids

pytestmark = pytest.mark.rule("OPS-1")


@pytest.fixture
def handler() -> Any:
    made = logging.StreamHandler()
    made.setFormatter(JsonFormatter(settings.LOGGING["formatters"]["json"]["format"]))
    made.addFilter(request_ids.RequestIdFilter())
    return made


def line(handler: Any, **extra: Any) -> dict[str, Any]:
    record = logging.makeLogRecord({"name": "portal", "levelname": "INFO", "msg": "Mail %s is given up", "args": ("7",)} | extra)
    handler.filter(record)
    return json.loads(handler.format(record))  # type: ignore[no-any-return]


def test_a_line_of_a_request(handler: Any) -> None:
    with request_ids.one_act() as request_id:
        said = line(handler)
    assert said.pop("asctime")
    assert said == {
        "levelname": "INFO",
        "name": "portal",
        "request_id": str(request_id),
        "task": "-",
        "message": "Mail 7 is given up",
    }


@pytest.mark.django_db
def test_the_line_of_what_is_refused_wears_the_id_that_the_answer_names(client: Client, handler: Any) -> None:
    said = io.StringIO()
    handler.setStream(said)
    logging.getLogger("django.request").addHandler(handler)
    try:
        response = client.get("/nowhere/")
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    (one,) = [json.loads(each) for each in said.getvalue().splitlines()]
    assert (one["message"], one["request_id"]) == ("Not Found: /nowhere/", response.headers["X-Request-ID"])


def test_a_line_of_a_task_wears_the_queues_id(handler: Any) -> None:
    class Task:
        name = "profiles.tasks.run_validations"

    task_id = str(uuid.uuid4())
    request_ids.begin_task(task_id=task_id, task=Task())
    try:
        said = line(handler)
    finally:
        request_ids.end_task()
    assert (said["request_id"], said["task"]) == (task_id, "profiles.tasks.run_validations")
    assert line(handler)["request_id"] == "-"
