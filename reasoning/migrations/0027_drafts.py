"""Drafts: what people have typed and not sent, kept with the person and not in a browser."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import reasoning.core.identifiers
from reasoning.migrations import _evidence as evidence


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0026_damage")]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=reasoning.core.identifiers.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "drafted",
                    models.CharField(
                        choices=[
                            ("question", "Question"),
                            ("note", "Note"),
                            ("view", "View"),
                            ("decision", "Decision"),
                            ("withdrawal", "Withdrawal"),
                        ],
                        max_length=10,
                    ),
                ),
                ("subject_id", models.UUIDField(null=True)),
                ("texts", models.JSONField()),
                ("kept_at", models.DateTimeField(db_index=True)),
                (
                    "question",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reasoning.question",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(
                fields=("user", "drafted", "subject_id"), name="one_draft", nulls_distinct=False
            ),
        ),
        evidence.grant("SELECT, INSERT, UPDATE, DELETE", ["reasoning_draft"], "magistral_app"),
    ]
