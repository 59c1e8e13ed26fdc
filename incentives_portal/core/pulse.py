"""Who is alive: the workers that answered lately, and when beat last had its turn. Both stand in Redis, by its own clock.

What stands here decides nothing: it is shown to the operator, and an empty Redis shows nobody until the next few seconds.
"""

import json
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from redbeat.decoder import RedBeatJSONDecoder
from redis import Redis, RedisError

WORKERS = "portal:workers"
# A worker says that it is there so often, and is forgotten after so long.
EVERY, FORGOTTEN_AFTER = 10, 3600
ALIVE = 60
_last_said = 0.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """Seconds since each worker was last heard of, by its name, and since beat's last turn; None where nobody knows."""

    workers: dict[str, int]
    beat: int | None

    @property
    def alive(self) -> int:
        return sum(seconds <= ALIVE for seconds in self.workers.values())


def worker_is_here(sender: Any = None, **kwargs: Any) -> None:
    """Celery's `heartbeat_sent`, every two seconds in each worker."""
    global _last_said
    if time.monotonic() - _last_said < EVERY:
        return
    _last_said = time.monotonic()
    name = str(getattr(getattr(sender, "eventer", None), "hostname", "") or "worker")
    try:
        with _server() as server:
            server.hset(WORKERS, name, _now(server))
    except RedisError:
        return  # the worker itself says loudly enough that its broker is away


def pulse() -> Pulse | None:
    """Who is alive, or None where Redis doesn't answer."""
    try:
        with _server() as server:
            now = _now(server)
            heard = {name.decode(): now - int(said) for name, said in server.hgetall(WORKERS).items()}
            gone = [name for name, seconds in heard.items() if seconds > FORGOTTEN_AFTER]
            if gone:
                server.hdel(WORKERS, *gone)
            return Pulse({name: seconds for name, seconds in sorted(heard.items()) if name not in gone}, _beat(server, now))
    except (RedisError, ValueError):
        return None


def _beat(server: Any, now: int) -> int | None:
    """Seconds since beat last sent something, from what RedBeat keeps of each entry of the schedule."""
    turns = []
    for key in server.zrange("redbeat::schedule", 0, -1):
        meta = server.hget(key, "meta")
        last = json.loads(meta, cls=RedBeatJSONDecoder).get("last_run_at") if meta else None
        turns += [int(last.timestamp())] if last else []
    return max(now - max(turns), 0) if turns else None


def _now(server: Any) -> int:
    return int(server.time()[0])


def _server() -> Any:
    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
