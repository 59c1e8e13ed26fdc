"""The clock is read from the portal's schema: a temporary table of its name must not tell another time (rule OPS-2).

The two functions name it themselves: with a search path of their own they could not become part of the statement that calls
them, and every row has its time from them.
"""

from django.db import migrations

CLOCK = """
CREATE OR REPLACE FUNCTION portal_now() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT transaction_timestamp() + shift FROM {schema}core_clock';
CREATE OR REPLACE FUNCTION portal_today(zone text) RETURNS date LANGUAGE sql STABLE AS
    'SELECT ({schema}portal_now() AT TIME ZONE zone)::date';
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0007_mails_as_sent")]
    operations = [
        migrations.RunSQL(
            CLOCK.format(schema="public.") + "ALTER FUNCTION refuse_audit_change() SET search_path = public, pg_temp",
            CLOCK.format(schema="") + "ALTER FUNCTION refuse_audit_change() RESET search_path",
        )
    ]
