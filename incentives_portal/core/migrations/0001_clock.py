"""The portal's clock comes before every table, whose defaults ask it."""

from django.db import migrations, models

FORWARD = """
CREATE TABLE core_clock (
    "only" boolean PRIMARY KEY DEFAULT true CONSTRAINT clock_one_row CHECK ("only"),
    shift interval NOT NULL
);
INSERT INTO core_clock (shift) VALUES (interval '0');
CREATE FUNCTION portal_now() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT transaction_timestamp() + shift FROM core_clock';
CREATE FUNCTION portal_today(zone text) RETURNS date LANGUAGE sql STABLE AS
    'SELECT (portal_now() AT TIME ZONE zone)::date';
"""
BACKWARD = "DROP FUNCTION portal_today(text); DROP FUNCTION portal_now(); DROP TABLE core_clock;"


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunSQL(
            FORWARD,
            BACKWARD,
            state_operations=[
                migrations.CreateModel(
                    name="ClockRow",
                    fields=[
                        ("only", models.BooleanField(primary_key=True, default=True, serialize=False)),
                        ("shift", models.DurationField()),
                    ],
                    options={
                        "db_table": "core_clock",
                        "constraints": [
                            models.CheckConstraint(
                                name="clock_one_row",
                                condition=models.Q(only=True),
                            )
                        ],
                    },
                )
            ],
        )
    ]
