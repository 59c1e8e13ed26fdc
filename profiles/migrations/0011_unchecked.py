"""What has still to be checked, the most urgent first and of one partner together (rule VAL-2)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0010_most_urgent_first"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="validation",
            index=models.Index(
                models.F("due_at"),
                models.F("partner"),
                models.F("id"),
                condition=models.Q(("decision", ""), ("checked_at", None)),
                name="validation_unchecked",
            ),
        ),
    ]
