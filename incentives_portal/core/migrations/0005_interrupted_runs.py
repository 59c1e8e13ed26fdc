"""Runs that were interrupted say so (rule OPS-1)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0004_audit_chain")]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("running", "Running"),
                    ("done", "Done"),
                    ("refused", "Refused"),
                    ("failed", "Failed"),
                    ("stopped", "Interrupted"),
                ],
                default="running",
                max_length=10,
            ),
        ),
    ]
