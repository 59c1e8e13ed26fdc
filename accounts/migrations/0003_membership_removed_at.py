"""Who left a partner keeps their row, so that their history can be read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_one_partner_a_row")]
    operations = [
        migrations.AddField(
            model_name="membership",
            name="removed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="removed"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("removed_at", None), ("suspended_at__isnull", False), _connector="OR"),
                name="removed_is_suspended",
            ),
        ),
    ]
