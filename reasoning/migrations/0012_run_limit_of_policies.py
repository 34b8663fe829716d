"""The limit of runs at once is one of a workspace's settings, and changes as they do."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0011_comparisons")]

    operations = [
        migrations.AddField(
            model_name="policyversion",
            name="run_limit",
            field=models.PositiveIntegerField(null=True),
        ),
    ]
