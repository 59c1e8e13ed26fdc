"""The cache that all processes share, and what takes its place while Redis is away."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def _or_memory(verb: str) -> Callable[..., Any]:
    """`verb` of Redis, or of the memory of this process where Redis does not answer."""

    def do(self: "SharedCache", *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(RedisCache, verb)(self, *args, **kwargs)
        except RedisError as error:
            logger.warning("the shared cache is away: %s", type(error).__name__)
            return getattr(self.memory, verb)(*args, **kwargs)

    return do


class SharedCache(RedisCache):
    """Redis, as Django has it. While it is away no page fails: each process remembers for itself, so that the limits on
    guessing passwords still hold, a little looser."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.memory = LocMemCache("shared-cache-away", {key: value for key, value in params.items() if key != "OPTIONS"})

    add, get, set = _or_memory("add"), _or_memory("get"), _or_memory("set")
    touch, delete, has_key = _or_memory("touch"), _or_memory("delete"), _or_memory("has_key")
    get_many, set_many, delete_many = _or_memory("get_many"), _or_memory("set_many"), _or_memory("delete_many")
    incr, clear = _or_memory("incr"), _or_memory("clear")
