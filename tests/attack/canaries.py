"""An account and tax numbers that nobody else has, in every form that they could be found in."""

import base64
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from redis import Redis

IBAN, SECOND_IBAN, ORGNR = "DE75512108001245126199", "SE3550000000054910000003", "2120001355"
# The account within the IBAN, as a bank would say it.
NUMBERS = (IBAN, IBAN[4:], IBAN[-10:], SECOND_IBAN, SECOND_IBAN[4:], ORGNR)


def forms_of(number: str) -> Iterator[str]:
    """As typed, grouped, as bytes in hexadecimal, and in base64 wherever in a longer text it begins."""
    spaced = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    dashed = f"{number[:6]}-{number[6:]}"
    for text in {number, spaced, dashed, number.lower()}:
        yield text
        raw = text.encode()
        yield raw.hex()
        for before in range(3):
            # What is left of the first and the last group depends on the number alone.
            coded = base64.b64encode(b"x" * before + raw)
            yield coded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6].decode()


FORMS = sorted({form for number in NUMBERS for form in forms_of(number)})
LOWERED = [form.lower() for form in FORMS]


def hits(text: str | bytes) -> list[str]:
    """The forms that stand in a text, in whatever case."""
    found = (text.decode("utf-8", "replace") if isinstance(text, bytes) else text).lower()
    return [form for form in LOWERED if form in found]


def clean(where: str, *texts: str | bytes) -> None:
    assert [form for text in texts for form in hits(text)] == [], where


def in_redis(redis: "Redis[Any]") -> Iterable[bytes]:
    """Every key and every value, whatever its type: caches, locks, and the queue's messages with their coded bodies."""
    readers: dict[bytes, Any] = {
        b"string": redis.get,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
    }
    for key in redis.scan_iter():
        value = readers[redis.type(key)](key)
        yield key
        yield value if isinstance(value, bytes) else repr(value).encode()
        if isinstance(value, bytes):
            try:
                yield zlib.decompress(value)
            except zlib.error:
                continue
