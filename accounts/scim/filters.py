"""SCIM filters as conditions of the database (RFC 7644 section 3.4.2.2).

scim2-models parses and checks them; here each attribute that can be asked for has a column. What has none, or is compared in
a way that makes no sense for it, answers invalidFilter. Values are parameters of the query, names come from the tables below.
"""

import uuid
from typing import Any

from django.db.models import F, Q, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import Contains, EndsWith, Exact, IContains, IEndsWith, IStartsWith, StartsWith
from django.utils.dateparse import parse_datetime
from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

from accounts.models import DirectoryGroup
from accounts.scim.mail_filter import HasMail, MailCondition
from accounts.scim.resources import Group, User

LONGEST, MOST_TERMS = 4000, 50
EQ = CompareOperator.eq
PARTS = {CompareOperator.co: IContains, CompareOperator.sw: IStartsWith, CompareOperator.ew: IEndsWith}
EXACT_PARTS = {CompareOperator.co: Contains, CompareOperator.sw: StartsWith, CompareOperator.ew: EndsWith}
ORDER = {EQ: "", **{operator: f"__{operator}" for operator in ("gt", "lt")}, **{f"{way}e": f"__{way}te" for way in ("g", "l")}}
TIMES = {"meta.created": "created_at", "meta.last_modified": "changed_at"}


def _said(*keys: str) -> Coalesce:
    """A text of the profile, empty where the directory said nothing."""
    column: Any = "profile"
    for key in keys:
        column = KeyTextTransform(key, column)
    return Coalesce(column, Value(""), output_field=TextField())


# Attributes of text and their columns.
OF_PEOPLE: dict[str, Any] = {
    "user_name": F("user_name"),
    "external_id": F("external_id"),
    "display_name": _said("displayName"),
    "title": _said("title"),
    "preferred_language": _said("preferredLanguage"),
    "name.formatted": _said("name", "formatted"),
    "name.given_name": _said("name", "givenName"),
    "name.family_name": _said("name", "familyName"),
}
OF_GROUPS: dict[str, Any] = {"display_name": F("name"), "external_id": F("external_id")}
CASE_COUNTS = frozenset({"external_id"})
MEMBERS = DirectoryGroup.members.through


def people_where(text: str) -> Q:
    """The condition on rows of DirectoryPerson that a filter of /Users is. Raises InvalidFilterException."""
    asked: Any = ScimFilter[User](_short(text))
    return PeopleConditions(asked).visit(asked.ast)


def groups_where(text: str) -> Q:
    """The condition on rows of DirectoryGroup that a filter of /Groups is. Raises InvalidFilterException."""
    asked: Any = ScimFilter[Group](_short(text))
    return GroupConditions(asked).visit(asked.ast)


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise InvalidFilterException(detail=f"A filter holds at most {LONGEST} characters.")
    return text


def _unsupported(name: str, operator: str) -> InvalidFilterException:
    return InvalidFilterException(detail=f"Filtering {name} by {operator} is not supported.")


def _uuid(text: Any) -> uuid.UUID:
    """An id, or one that nobody has: a malformed id isn't found, as any other."""
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return uuid.UUID(int=0)


class Conditions(FilterVisitor[Q]):
    """What both kinds of resource have in common."""

    columns: dict[str, Any] = {}

    def __init__(self, asked: "ScimFilter[Any]") -> None:
        self.asked, self.terms = asked, 0

    def visit(self, node: FilterNode) -> Q:
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise InvalidFilterException(detail=f"A filter holds at most {MOST_TERMS} conditions.")
        return super().visit(node)

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        terms = [self.visit(term) for term in node.terms]
        return Q(*terms, _connector=Q.AND if node.op == LogicalOperator.and_ else Q.OR)

    def visit_comparison(self, node: Comparison) -> Q:
        binding = self.asked.resolve_comparison(node.attr_path)
        name = ".".join(filter(None, [binding.field_name, binding.sub_field_name])) if binding else ""
        if node.value is None and node.op in {EQ, CompareOperator.ne}:
            present = self.present(name)
            return ~present if node.op == EQ else present
        if node.op == CompareOperator.ne:
            return ~self.compared(name, EQ, node.value)
        return self.compared(name, node.op, node.value)

    def visit_present(self, node: Present) -> Q:
        binding = self.asked.resolve(node.attr_path)
        return self.present(".".join(filter(None, [binding.field_name, binding.sub_field_name])) if binding else "")

    def visit_value_path(self, node: ValuePath) -> Q:
        raise _unsupported(str(node.attr_path), "a condition in brackets")

    def compared(self, name: str, operator: CompareOperator, value: Any) -> Q:
        """Rows whose attribute compares so. Raises InvalidFilterException where that can't be asked."""
        if name == "id" and operator == EQ:
            return Q(pk=_uuid(value))
        if name in TIMES and operator in ORDER:
            return Q(**{f"{TIMES[name]}{ORDER[operator]}": _moment(value)})
        if name not in self.columns or not isinstance(value, str):
            raise _unsupported(name, operator)
        column, is_exact = self.columns[name], name in CASE_COUNTS
        if operator == EQ:
            return Q(Exact(column, Value(value)) if is_exact else Exact(Lower(column), Lower(Value(value))))
        part = (EXACT_PARTS if is_exact else PARTS).get(operator)
        if part is None:
            raise _unsupported(name, operator)
        return Q(part(column, value))

    def present(self, name: str) -> Q:
        """Rows that have the attribute at all."""
        if name in {"id", "meta", "schemas", *TIMES}:
            return Q(pk__isnull=False)
        if name not in self.columns:
            raise _unsupported(name, "pr")
        return ~Q(Exact(self.columns[name], Value("")))


def _moment(value: Any) -> Any:
    moment = value if hasattr(value, "tzinfo") else parse_datetime(str(value))
    if moment is None or moment.tzinfo is None:
        raise InvalidFilterException(detail="A time is written like 2026-11-21T08:00:00Z.")
    return moment


class PeopleConditions(Conditions):
    """Conditions on DirectoryPerson."""

    columns = OF_PEOPLE

    def compared(self, name: str, operator: CompareOperator, value: Any) -> Q:
        if name == "active" and operator == EQ:
            # What the directory said, as resources show it: somebody whom an admin keeps out is active to the directory.
            off = Q(profile__contains={"active": False})
            return ~off if value else off
        if name == "groups.value" and operator == EQ:
            return Q(pk__in=MEMBERS.objects.filter(directorygroup_id=_uuid(value)).values("directoryperson_id"))
        if name.startswith("emails."):
            return Q(HasMail(MailCondition.of(name.partition(".")[2], operator, value)))
        return super().compared(name, operator, value)

    def present(self, name: str) -> Q:
        if name == "active":
            return Q(pk__isnull=False)
        if name.partition(".")[0] == "emails":
            return Q(HasMail(MailCondition("true")))
        return super().present(name)

    def visit_value_path(self, node: ValuePath) -> Q:
        if node.attr_path.attr.lower() != "emails":
            return super().visit_value_path(node)
        return Q(HasMail(MailCondition.within(node.val_filter)))


class GroupConditions(Conditions):
    """Conditions on DirectoryGroup."""

    columns = OF_GROUPS

    def compared(self, name: str, operator: CompareOperator, value: Any) -> Q:
        if name == "members.value" and operator == EQ:
            return Q(pk__in=MEMBERS.objects.filter(directoryperson_id=_uuid(value)).values("directorygroup_id"))
        return super().compared(name, operator, value)

    def visit_value_path(self, node: ValuePath) -> Q:
        inner = node.val_filter
        if node.attr_path.attr.lower() == "members" and isinstance(inner, Comparison) and inner.attr_path.attr == "value":
            return self.compared("members.value", inner.op, inner.value)
        return super().visit_value_path(node)
