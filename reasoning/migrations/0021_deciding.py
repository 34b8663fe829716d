"""Deciding by a workspace's policy: several approvals, checklists, views before the answer, recusals,
training on record, and withdrawals.

Decisions that are there already stay of form 1: their documents do not know the new columns."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from reasoning.migrations import _evidence as evidence

ANSWERS = [("yes", "yes"), ("no", "no"), ("not_applicable", "does not apply")]
MEANINGS = [
    ("approved", "approved"),
    ("rejected", "rejected"),
    ("sent_back", "sent back"),
    ("withdrawn", "withdrawn"),
]
NEW = ["preliminaryview", "recusal", "trainingrecord"]
WITHDRAWN = models.Q(("meaning", "withdrawn"), ("withdraws__isnull", False))
VERDICT = models.Q(models.Q(("meaning", "withdrawn"), _negated=True), ("withdraws__isnull", True))


def key(to, name, **options):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name=name, to=to, **options
    )


def each(name):
    """One row of a person for each question."""
    return models.UniqueConstraint(fields=("question", "actor_id"), name=name)


def added(name, field):
    return migrations.AddField(model_name="decision", name=name, field=field)


def texts(**options):
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(**options), default=list, size=None
    )


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0020_search_pending")]

    operations = [
        evidence.table(
            "PreliminaryView",
            ("trace", key("reasoning.trace", "preliminary_views")),
            ("question", key("reasoning.question", "preliminary_views")),
            *evidence.text("view"),
            constraints=[each("one_view_each")],
        ),
        evidence.table(
            "Recusal",
            ("trace", key("reasoning.trace", "recusals")),
            ("question", key("reasoning.question", "recusals")),
            *evidence.text("reason"),
            constraints=[each("one_recusal_each")],
        ),
        evidence.table(
            "TrainingRecord",
            ("workspace", key("reasoning.workspace", "training_records")),
            ("person", key(settings.AUTH_USER_MODEL, "training_records")),
            *evidence.text("course"),
            ("completed_on", models.DateField()),
            ("expires_on", models.DateField(null=True)),
            indexes=[
                models.Index(fields=["workspace", "person", "-recorded_at"], name="training_newest")
            ],
        ),
        *[operation for name in NEW for operation in evidence.guards(name)],
        *[operation for name in NEW for operation in evidence.rights(name)],
        # Policies.
        migrations.AddField("policyversion", "training", models.BooleanField(default=False)),
        migrations.AddField(
            "policyversion", "statement_language", models.CharField(default="", max_length=10)
        ),
        # Decisions: what is there is of form 1, what comes of form 2.
        migrations.RemoveConstraint("decision", "one_decision_per_trace"),
        migrations.AlterField(
            "decision", "meaning", models.CharField(choices=MEANINGS, max_length=10)
        ),
        migrations.AlterField(
            "reviewtally", "meaning", models.CharField(choices=MEANINGS, max_length=10)
        ),
        added("form", models.PositiveSmallIntegerField(default=1)),
        migrations.AlterField("decision", "form", models.PositiveSmallIntegerField(default=2)),
        added("policy_version", models.PositiveIntegerField(default=0)),
        added("approvals_required", models.PositiveSmallIntegerField(default=1)),
        added("statement_language", models.CharField(default="", max_length=10)),
        added("checklist", texts(max_length=300)),
        added("answers", texts(choices=ANSWERS, max_length=20)),
        added("no_conflict", models.BooleanField(default=False)),
        *[added(*column) for column in evidence.text("asked_anew")],
        added("preliminary_view", key("reasoning.preliminaryview", "decisions", null=True)),
        added(
            "withdraws",
            models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="withdrawal",
                to="reasoning.decision",
            ),
        ),
        migrations.AddConstraint(
            "decision",
            models.CheckConstraint(
                condition=models.Q(WITHDRAWN, VERDICT, _connector="OR"),
                name="withdrawal_names_decision",
            ),
        ),
    ]
