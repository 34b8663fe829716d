"""Traces are indexed for searching a moment after they were stored."""

from django.db import migrations, models

from reasoning.migrations import _evidence as evidence


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0019_more_engines")]

    operations = [
        migrations.CreateModel(
            name="SearchPending",
            fields=[("subject_id", models.UUIDField(primary_key=True, serialize=False))],
        ),
        evidence.grant(
            "SELECT, INSERT, UPDATE, DELETE", ["reasoning_searchpending"], "magistral_app"
        ),
    ]
