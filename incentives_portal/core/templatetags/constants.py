"""`{% translate %}`, `{% url %}` and `{% static %}` as Django has them, but what is the same at every asking is looked up once.

A page of the portal says some sixty fixed words and leads to some twenty fixed addresses: looking them up again was a good part of
what its frame took. A word that goes through a filter, or an address of something, is Django's own tag as before.

`{% csrf_token %}` says for which partner the form is, too (incentives_portal/core/speaking_for.py).
"""

from django.template import Context, Library, Node
from django.template.base import FilterExpression, Parser, Token, Variable
from django.template.defaulttags import CsrfTokenNode, URLNode
from django.template.defaulttags import url as djangos_url
from django.templatetags.i18n import TranslateNode, do_translate
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from incentives_portal.core import jinja, speaking_for

register = Library()


class Word(Node):
    """A text that names no variable: found once per language."""

    def __init__(self, node: Node) -> None:
        self._node, self._known = node, dict[str | None, str]()

    def render(self, context: Context) -> str:
        language = get_language()
        if language not in self._known:
            self._known[language] = self._node.render(context)
        return self._known[language]


class Address(Node):
    """An address without an id: found once per URLconf and the prefix that the portal runs under."""

    def __init__(self, name: str, variable: str | None) -> None:
        self._name, self._variable = name, variable

    def render(self, context: Context) -> str:
        address = self._look_up()
        if self._variable:
            context[self._variable] = address
            return ""
        return conditional_escape(address) if context.autoescape else address

    def _look_up(self) -> str:
        try:
            return jinja.addresses()(self._name)
        except NoReverseMatch:
            if self._variable is None:
                raise
            return ""


class File(Node):
    """The address of a file that comes with the portal: found once."""

    def __init__(self, path: str) -> None:
        self._path = path

    def render(self, context: Context) -> str:
        return conditional_escape(jinja.files()(self._path))


class FormMarks(CsrfTokenNode):
    """What every form posts: its token and, where that may differ, for which partner it is."""

    def render(self, context: Context) -> SafeString:
        return SafeString(super().render(context) + speaking_for.field(context.get("request")))  # nosec B703


@register.tag
def csrf_token(parser: Parser, token: Token) -> Node:
    """Django's tag, and more."""
    return FormMarks()


@register.simple_tag(takes_context=True)
def for_partner_header(context: Context) -> SafeString:
    """The body's attribute by which partial updates say for which partner the page is."""
    return speaking_for.header(context.get("request"))


@register.tag("translate")
@register.tag("trans")
def translate(parser: Parser, token: Token) -> Node:
    """Django's tag; with nothing but a text in it, a `Word`."""
    node = do_translate(parser, token)
    return Word(node) if isinstance(node, TranslateNode) and _is_fixed(node) else node


@register.tag
def static(parser: Parser, token: Token) -> Node:
    """Django's tag; with nothing but a path in it, a `File`."""
    node: StaticNode = StaticNode.handle_token(parser, token)
    path = _fixed_text(node.path)
    return node if node.varname or path is None else File(path)


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """Django's tag; with nothing but a name in it, an `Address`. What a namespace means depends on the page."""
    node: URLNode = djangos_url(parser, token)
    name = _fixed_text(node.view_name)
    return node if node.args or node.kwargs or name is None or ":" in name else Address(name, node.asvar)


def _is_fixed(node: TranslateNode) -> bool:
    return not (node.noop or node.asvar or node.message_context) and _fixed_text(node.filter_expression) is not None


def _fixed_text(expression: FilterExpression) -> str | None:
    """What stands there in quotes, if nothing else does."""
    held = expression.var.literal if isinstance(expression.var, Variable) else expression.var
    return held if isinstance(held, str) and not expression.filters else None
