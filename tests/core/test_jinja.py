"""Templates of the second engine speak the reader's language, know the portal's addresses and escape by themselves."""

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import set_script_prefix
from django.utils.translation import override
from jinja2 import UndefinedError

from incentives_portal.core import jinja

PERSON = {"operator_name": "Northwind & <Sons>", "support_email": "", "is_signed_in": True}


def foot() -> str:
    return str(jinja.to_string("frame/_foot.jinja", PERSON, None))


def test_a_word_is_said_in_each_readers_language_and_what_stands_in_it_is_only_text() -> None:
    said = {}
    for language in ("en", "sv", "en"):
        with override(language):
            said[language] = foot()
    assert "Incentives by Northwind &amp; &lt;Sons&gt;" in said["en"]
    assert said["sv"] != said["en"]


def test_an_address_is_the_one_under_the_prefix_of_now() -> None:
    assert 'href="/guide/' in foot()
    set_script_prefix("/portal/")
    try:
        assert 'href="/portal/guide/' in foot()
    finally:
        set_script_prefix("/")


def test_a_name_that_nobody_gave_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        jinja.to_string("frame/_foot.jinja", {"support_email": ""}, None)


def test_all_forms_of_an_answer_post_the_same_field() -> None:
    request = RequestFactory().get("/")
    context = {"request": request, "languages": (("en", "English"),), "language": "en"}
    once, again = (jinja.to_string("frame/_languages.jinja", context, request) for _ in range(2))
    assert once == again and 'name="csrfmiddlewaretoken"' in once
    assert jinja.to_string("frame/_languages.jinja", context, RequestFactory().get("/")) != once


def test_the_frame_stands_where_nothing_is_known_of_who_asks() -> None:
    html = Template('{% frame "letterhead" %}{% frame "foot" %}').render(Context())
    assert "Partner Center" in html and "csrfmiddlewaretoken" not in html and "<form" not in html
