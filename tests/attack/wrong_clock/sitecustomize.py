"""A machine whose clock is wrong by CLOCK_IS_WRONG_BY seconds: Python imports this first where the folder is on PYTHONPATH.

What counts time (`time.monotonic`) goes on as it does; what tells the time tells another one.
"""

import datetime
import os
import time
from typing import Any

WRONG_BY = float(os.environ["CLOCK_IS_WRONG_BY"])
right_time, right_time_ns, right_datetime = time.time, time.time_ns, datetime.datetime
right_localtime, right_gmtime = time.localtime, time.gmtime


class Kind(type):
    """What was made by the real class counts as one of ours."""

    def __instancecheck__(cls, thing: object) -> bool:
        return isinstance(thing, right_datetime)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, right_datetime)


class WrongDatetime(right_datetime, metaclass=Kind):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return right_datetime.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return right_datetime.fromtimestamp(time.time(), datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return cls.now()


time.time = lambda: right_time() + WRONG_BY
time.time_ns = lambda: right_time_ns() + int(WRONG_BY * 1e9)
time.localtime = lambda seconds=None: right_localtime(time.time() if seconds is None else seconds)
time.gmtime = lambda seconds=None: right_gmtime(time.time() if seconds is None else seconds)
datetime.datetime = WrongDatetime  # type: ignore[misc]
