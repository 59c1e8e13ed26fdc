"""The second engine escapes what it prints exactly as Jinja does by itself."""

import pytest
from django.template import engines
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import Markup, escape

from incentives_portal.core.printing import printed


@given(st.text(alphabet=st.one_of(st.sampled_from("&<>\"'"), st.characters())))
def test_text_is_escaped(text: str) -> None:
    assert printed(text) == str(escape(text))


@pytest.mark.parametrize("value", [Markup("<b>"), SafeString("<b>"), 7, None, 1.5, gettext_lazy("Enrolled"), ["<"]], ids=repr)
def test_whatever_else_is_printed_as_jinja_does(value: object) -> None:
    assert printed(value) == str(escape(value))


def render(source: str, **names: object) -> str:
    return str(engines["jinja"].from_string(source).render(names))


def test_templates_escape_what_they_print() -> None:
    assert render("{{ a }}{{ b }}{% set c %}<i>{{ a }}</i>{% endset %}{{ c }}", a="<&", b=SafeString("<hr>")) == (
        "&lt;&amp;<hr><i>&lt;&amp;</i>"
    )
    assert render("{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{{ m(a) }}{{ a ~ '<' }}{{ a|e }}", a="'") == (
        "<b>&#39;</b>&#39;&lt;&#39;"
    )


def test_an_entry_is_no_attribute_and_what_is_missing_is_an_error() -> None:
    assert render('{{ a["items"] }}', a={"items": 3}) == "3"
    with pytest.raises(AttributeError):
        render("{{ a.missing }}", a={"missing": 3})
    with pytest.raises(UndefinedError):
        render("{{ a.b }}")
