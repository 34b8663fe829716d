"""A workspace's weight and highest priority are among its settings, and change as they do."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0021_deciding")]

    operations = [
        migrations.AddField("policyversion", "weight", models.PositiveSmallIntegerField(default=1)),
        migrations.AddField(
            "policyversion", "highest_priority", models.PositiveSmallIntegerField(default=5)
        ),
    ]
