"""When a payout profile last took the place of another account at a submitted enrollment (rule PAY-5)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0008_due_in_48_hours"),
    ]

    operations = [
        migrations.AddField(
            model_name="payoutprofile",
            name="took_place_at",
            field=models.DateTimeField(null=True),
        ),
    ]
