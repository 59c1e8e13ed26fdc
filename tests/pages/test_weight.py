"""What the first view of a page weighs on the wire."""

from collections import Counter

import brotli
import pytest
from django.urls import reverse
from playwright.sync_api import Response

from tests import factories as make
from tests.pages.conftest import Visit
from tests.pages.walk_world import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KILOBYTES = {"document": 15, "stylesheet": 30, "script": 20}
REQUESTS = 10


@pytest.mark.rule("STA-1")
@pytest.mark.parametrize("name", ["home", "overview"])
def test_the_first_view_is_light(visit: Visit, name: str) -> None:
    world = build()
    for number in range(50):
        place = make.LocationFactory.create(partner=world.partner, name=f"Norrsken {number}")
        make.EnrollmentFactory.create(location=place, program=world.invitation.program)
    make.give_role(world.ines, world.partner, make.ACCOUNT_ADMIN)
    page = visit(world.ines)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(reverse(name), wait_until="networkidle")

    sizes: Counter[str] = Counter()
    for answer in answers:
        # Served by Whitenoise and the proxy at this quality or a better one.
        sizes[answer.request.resource_type] += len(brotli.compress(answer.body(), quality=9))
    assert len(answers) <= REQUESTS, [answer.url for answer in answers]
    for kind, kilobytes in KILOBYTES.items():
        assert 0 < sizes[kind] <= kilobytes * 1024, f"{kind}: {sizes[kind]} bytes"
