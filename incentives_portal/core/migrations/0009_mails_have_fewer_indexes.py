"""A mail's key and Message-ID have one index each: half of what every mark of a sent mail wrote (rule INV-6)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0008_names_are_not_shadowed")]

    operations = [
        migrations.AddConstraint(
            model_name="mail",
            constraint=models.UniqueConstraint(fields=["key"], name="mail_key", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddConstraint(
            model_name="mail",
            constraint=models.UniqueConstraint(fields=["message_id"], name="mail_message_id"),
        ),
        migrations.AlterField(model_name="mail", name="key", field=models.CharField(max_length=200)),
        migrations.AlterField(model_name="mail", name="message_id", field=models.CharField(max_length=200)),
    ]
