"""Redis loses everything at any moment: what it held was hints, and the schedule is written again."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery.utils.imports import symbol_by_name
from django.conf import settings
from redbeat.schedulers import acquire_distributed_beat_lock, get_redis
from redis import Redis
from redis.exceptions import LockError

from incentives_portal.celery import app

pytestmark = pytest.mark.filterwarnings("ignore:RedBeat will stop falling back:DeprecationWarning")


class Beat:
    """As much of beat as its scheduler asks for."""

    def __init__(self) -> None:
        self.scheduler: Any = symbol_by_name(app.conf.beat_scheduler)(app=app, lazy=True)
        self.scheduler.setup_schedule()

    def speak(self) -> set[str]:
        """Takes the lock where it is free, looks at the schedule once, and returns the tasks that stand in it."""
        if self.scheduler.lock is None:
            acquire_distributed_beat_lock(sender=self)
        self.scheduler.tick()
        known = app.redbeat_conf
        return {str(key).removeprefix(known.key_prefix) for key in get_redis(app).zrange(known.schedule_key, 0, -1)}


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as server:
        server.flushdb()
        yield server
        server.flushdb()


@pytest.mark.rule("OPS-1")
def test_a_beat_that_waited_while_redis_was_wiped_has_something_to_say(redis: Redis) -> None:
    waiting = Beat()
    redis.flushdb()
    assert waiting.speak() >= set(app.conf.beat_schedule)


@pytest.mark.rule("OPS-1")
def test_a_beat_that_loses_its_lock_falls_silent_until_it_is_started_again(redis: Redis) -> None:
    speaking = Beat()
    assert speaking.speak()
    redis.flushdb()
    with pytest.raises(LockError):
        speaking.speak()
    assert Beat().speak()
