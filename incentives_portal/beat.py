"""Who wakes the workers up in turn: RedBeat, of which any number may run and one speaks."""

import builtins
from collections.abc import Callable
from typing import Any

from redbeat.schedulers import RedBeatScheduler, get_redis


class Scheduler(RedBeatScheduler):  # type: ignore[misc]
    """RedBeat keeps the schedule in Redis and writes it when it starts, never again.

    A beat that started and still waits for the other one's lock while Redis is emptied would then speak, and have nothing
    to say for ever. So whoever speaks looks first.
    """

    def tick(self, min: Callable[..., Any] = builtins.min, **kwargs: Any) -> float:
        known = self.app.redbeat_conf
        if get_redis(self.app).zcard(known.schedule_key) < len(known.schedule):
            self.setup_schedule()
        return float(super().tick(min=min, **kwargs))
