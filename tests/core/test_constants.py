"""Fixed words and addresses of templates are looked up once, and still say what the reader's page should."""

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch, set_script_prefix
from django.utils.translation import override


def test_a_word_is_said_in_each_readers_language() -> None:
    template = Template('{% translate "Status" %} {% translate name %} {% translate "Location" as place %}{{ place }}')
    said = {}
    for language in ("en", "sv", "en"):
        with override(language):
            said[language] = template.render(Context({"name": "Program"}))
    assert said["en"] == "Status Program Location" and said["sv"] != said["en"]


def test_an_address_is_the_one_under_the_prefix_of_now() -> None:
    template = Template('{% url "overview" %} {% url "overview" as there %}{{ there }}')
    assert template.render(Context()) == "/incentives/ /incentives/"
    set_script_prefix("/portal/")
    try:
        assert template.render(Context()) == "/portal/incentives/ /portal/incentives/"
    finally:
        set_script_prefix("/")


def test_what_is_not_fixed_is_asked_again() -> None:
    template = Template("{% url name %}")
    assert [template.render(Context({"name": one})) for one in ("overview", "home")] == ["/incentives/", "/"]
    assert Template('{% url "admin:index" %}').render(Context()) == "/admin/"


def test_a_name_that_no_address_has_is_an_error_unless_it_is_asked_for() -> None:
    assert Template('{% url "nowhere" as there %}[{{ there }}]').render(Context()) == "[]"
    with pytest.raises(NoReverseMatch):
        Template('{% url "nowhere" %}').render(Context())
