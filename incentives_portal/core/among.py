"""`id__among=[…]`: one of many UUIDs or fingerprints, as one array.

`id__in` makes a placeholder of each, which Django, the driver and PostgreSQL handle one by one: five hundred take longer than
the rows they find.
"""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import BinaryField, ForeignKey, Lookup, UUIDField


@BinaryField.register_lookup
@UUIDField.register_lookup
@ForeignKey.register_lookup
class Among(Lookup):
    lookup_name = "among"
    prepare_rhs = False  # a field's own way is for one

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        many = list(self.rhs)
        if not many:
            raise EmptyResultSet  # as `in` does: nothing is asked
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY (%s::{self.lhs.output_field.db_type(connection)}[])", (*parameters, many)
