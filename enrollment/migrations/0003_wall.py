"""Enrollments are shown to their own partner's requests alone, whatever a query asks for (rule ACC-8).

As for bank and tax rows in profiles/migrations/0003_wall.py.
"""

from django.db import migrations

# Run once per statement, as they name no column. A setting that was never made, or is empty, shows nothing.
EVERYTHING = "(SELECT current_setting('portal.sees', true) = 'everything')"
PARTNER = "(SELECT nullif(nullif(current_setting('portal.sees', true), ''), 'everything')::uuid)"
OF_A_PARTNER = ("enrollment_enrollment",)
PART_OF = {"enrollment_statuschange": ("enrollment_id", "enrollment_enrollment")}


def forward() -> list[str]:
    conditions = dict.fromkeys(OF_A_PARTNER, f"partner_id = {PARTNER}")
    conditions |= {table: f"EXISTS (SELECT FROM {of} whole WHERE whole.id = {column})" for table, (column, of) in PART_OF.items()}
    # The planner takes an OR for a coin toss, and IS NOT NULL to hold for nearly all rows; the second is right, since the
    # query itself asks for no others. It sorted an operator's overview on disk.
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY wall ON {table} USING (nullif({EVERYTHING} OR {condition}, false) IS NOT NULL)"
        for table, condition in conditions.items()
    ]


def backward() -> list[str]:
    return [f"DROP POLICY wall ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY" for table in (*OF_A_PARTNER, *PART_OF)]


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0002_one_partner_a_row")]
    operations = [migrations.RunSQL(forward(), backward())]
