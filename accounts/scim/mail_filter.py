"""Conditions on one of a person's mail addresses, such as `emails[type eq "work" and value co "@norrsken"]`."""

from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Func
from django.db.models.sql.compiler import SQLCompiler
from scim2_models import InvalidFilterException
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, Not, Present

TEXT = {"value": "lower(mail->>'value')", "type": "lower(mail->>'type')"}
PARTS = {
    CompareOperator.eq: "{} = lower(%s)",
    CompareOperator.ne: "{} IS DISTINCT FROM lower(%s)",
    CompareOperator.co: "strpos({}, lower(%s)) > 0",
    CompareOperator.sw: "starts_with({}, lower(%s))",
    CompareOperator.ew: "starts_with(reverse({}), reverse(lower(%s)))",
}


@dataclass(frozen=True, slots=True)
class MailCondition:
    """SQL about one `mail`, made of the texts above and of parameters."""

    sql: str
    parameters: tuple[Any, ...] = ()

    @classmethod
    def of(cls, name: str, operator: CompareOperator, value: Any) -> "MailCondition":
        """One comparison. Raises InvalidFilterException where the attribute can't be compared so."""
        name = name.lower()
        if name in TEXT and operator in PARTS and isinstance(value, str):
            return cls(PARTS[operator].format(TEXT[name]), (value,))
        if name == "primary" and operator in {CompareOperator.eq, CompareOperator.ne} and isinstance(value, bool):
            wanted = value is (operator == CompareOperator.eq)
            return cls("coalesce((mail->>'primary')::boolean, false) = %s", (wanted,))
        raise InvalidFilterException(detail=f"Filtering emails.{name} by {operator} is not supported.")

    @classmethod
    def within(cls, node: FilterNode) -> "MailCondition":
        """What stands between the brackets; all of it must hold for one and the same address."""
        if isinstance(node, Comparison):
            return cls.of(node.attr_path.attr, node.op, node.value)
        if isinstance(node, Not):
            inner = cls.within(node.expr)
            return cls(f"NOT coalesce({inner.sql}, false)", inner.parameters)
        if isinstance(node, LogicalExpr):
            terms = [cls.within(term) for term in node.terms]
            parameters = tuple(parameter for term in terms for parameter in term.parameters)
            return cls("(" + f" {node.op.upper()} ".join(term.sql for term in terms) + ")", parameters)
        if isinstance(node, Present) and node.attr_path.attr.lower() in {*TEXT, "primary"}:
            return cls("mail->>%s IS NOT NULL", (node.attr_path.attr.lower(),))
        raise InvalidFilterException(detail="Such a condition on emails is not supported.")


class HasMail(Func):
    """Whether any of a person's addresses fulfils a condition."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, condition: MailCondition) -> None:
        super().__init__("profile")
        self.condition = condition

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> tuple[str, tuple[Any, ...]]:
        column, parameters = compiler.compile(self.source_expressions[0])
        mails = f"jsonb_array_elements(coalesce({column}->'emails', '[]'::jsonb)) AS mail"
        return f"EXISTS (SELECT FROM {mails} WHERE {self.condition.sql})", (*parameters, *self.condition.parameters)
