"""Deployments may name the fingerprints that their engines give; those there are name none."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0034_beginnings_of_words")]

    operations = [
        migrations.AddField(
            "deployment",
            "fingerprints",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=200), default=list, size=None
            ),
        ),
    ]
