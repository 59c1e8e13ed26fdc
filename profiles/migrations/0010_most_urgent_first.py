"""The most urgent first, also among many that are due at the same moment (rule VAL-2)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0009_took_place"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="validation", name="validation_open"),
        migrations.AddIndex(
            model_name="validation",
            index=models.Index(models.F("due_at"), models.F("id"), condition=models.Q(("decision", "")), name="validation_open"),
        ),
    ]
