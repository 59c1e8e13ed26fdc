"""Who wakes the workers up in turn: RedBeat, of which any number may run and one speaks."""

import builtins
import datetime as dt
from collections.abc import Callable
from typing import Any

from redbeat.schedulers import RedBeatScheduler, get_redis

BEATS_AGREE_WITHIN = dt.timedelta(seconds=5)


class Scheduler(RedBeatScheduler):  # type: ignore[misc]
    """RedBeat keeps the schedule in Redis and writes it when it starts, never again.

    A beat that started and still waits for the other one's lock while Redis is emptied would then speak, and have nothing
    to say for ever. So whoever speaks looks first. And where the one who spoke before had a clock that is ahead of ours, the
    schedule stands in our future, and we would say nothing until then.
    """

    def tick(self, min: Callable[..., Any] = builtins.min, **kwargs: Any) -> float:
        known = self.app.redbeat_conf
        if get_redis(self.app).zcard(known.schedule_key) < len(known.schedule):
            self.setup_schedule()
        self._leave_the_future()
        return float(super().tick(min=min, **kwargs))

    def _leave_the_future(self) -> None:
        """What was last said at a time that is still to come by our clock counts as said now."""
        now, redis = self.app.now(), get_redis(self.app)
        for key in redis.zrange(self.app.redbeat_conf.schedule_key, 0, -1):
            if not redis.hexists(key, "definition"):
                continue  # RedBeat takes it out of the schedule by itself
            entry = self.Entry.from_key(key, app=self.app)
            if entry.last_run_at is not None and entry.last_run_at > now + BEATS_AGREE_WITHIN:
                entry.reschedule(now)
