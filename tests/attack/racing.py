"""Races: threads that each keep a connection of their own and begin together, again and again."""

import os
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection

# How many races one test runs, and on how many processes of pytest-xdist they are spread (`RACES=10000 RACE_SHARDS=4 -n 4`).
RACES = int(os.environ.get("RACES", "20"))
SHARDS = int(os.environ.get("RACE_SHARDS", "1"))
LONGEST_HEAD_START = 0.006

Verb = Callable[[], Any]
Outcome = BaseException | None
Race = Callable[[Mapping[str, Verb]], dict[str, Outcome]]


class Rider(threading.Thread):
    """Does what it is told, one thing after the other, and tells what came of it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.orders: queue.SimpleQueue[tuple[str, Verb, threading.Barrier, float] | None] = queue.SimpleQueue()
        self.done: queue.SimpleQueue[tuple[str, Outcome]] = queue.SimpleQueue()

    def run(self) -> None:
        while order := self.orders.get():
            name, verb, gate, wait = order
            try:
                gate.wait(60)
                time.sleep(wait)
                verb()
                self.done.put((name, None))
            except BaseException as refusal:  # judged by the test
                self.done.put((name, refusal))
        connection.close()


@contextmanager
def riders(number: int, seed: int) -> Iterator[Race]:
    """`race({"name": verb, …})`: runs the verbs at once, each with a small head start or none, and says what each came to."""
    chance, team = random.Random(seed), [Rider() for _ in range(number)]

    def race(verbs: Mapping[str, Verb]) -> dict[str, Outcome]:
        gate = threading.Barrier(len(verbs))
        riding = team[: len(verbs)]
        for rider, (name, verb) in zip(riding, verbs.items(), strict=True):
            rider.orders.put((name, verb, gate, chance.random() * LONGEST_HEAD_START))
        return dict(rider.done.get(timeout=120) for rider in riding)

    for rider in team:
        rider.start()
    try:
        yield race
    finally:
        for rider in team:
            rider.orders.put(None)
        for rider in team:
            rider.join(30)
