"""Workspaces' policies as evidence, follow-up questions, and what is carried of earlier turns.

New columns of old evidence have the value that the rows before them mean, and leave their fact out
where they have it: the documents of those rows stay as they were logged."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from reasoning.migrations import _evidence as evidence

EARLIER_TURNS = [
    ("none", "no earlier turns"),
    ("summaries", "earlier questions and summaries"),
    ("thinking", "earlier questions, summaries and thinking"),
]
PINNED = {"deployment": "deployment", "prompt_version": "prompt", "sampling_profile": "profile"}


def reference(model, **options):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, to=f"reasoning.{model}", **options
    )


def texts(length):
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(max_length=length), size=None
    )


def ordered(column, name):
    """An index by which a version's runs are found newest first, instead of the plain one."""
    plain = reference(column.replace("_", ""), related_name="+", db_index=False)
    return [
        migrations.AlterField(model_name="run", name=column, field=plain),
        migrations.AddIndex(
            model_name="run", index=models.Index(fields=[column, "-id"], name=f"run_of_{name}")
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0006_change")]

    operations = [
        evidence.table(
            "PolicyVersion",
            ("workspace", reference("workspace", related_name="policies")),
            ("number", models.PositiveIntegerField()),
            ("name", models.CharField(max_length=100)),
            ("default_prompt", models.CharField(max_length=80)),
            ("default_profile", models.CharField(max_length=80)),
            ("default_deployment", models.CharField(max_length=80)),
            ("approvals", models.PositiveSmallIntegerField()),
            ("second_factor", models.BooleanField()),
            ("preliminary_view", models.BooleanField()),
            ("conflict_statement", models.BooleanField()),
            ("checklist", texts(300)),
            ("labels", texts(40)),
            ("decided_years", models.PositiveSmallIntegerField()),
            ("undecided_years", models.PositiveSmallIntegerField()),
            *evidence.text("reason"),
            constraints=[
                models.UniqueConstraint(fields=["workspace", "number"], name="policy_number"),
                models.CheckConstraint(
                    condition=models.Q(approvals__gte=1, approvals__lte=3), name="approvals_range"
                ),
            ],
        ),
        *evidence.guards("policyversion"),
        *evidence.rights("policyversion"),
        migrations.AddField(
            model_name="promptversion",
            name="earlier_turns",
            field=models.CharField(choices=EARLIER_TURNS, default="none", max_length=10),
        ),
        migrations.AddField(
            model_name="question",
            name="follows",
            field=reference("question", null=True, related_name="followed_by"),
        ),
        migrations.AddField(
            model_name="run",
            name="follows_trace",
            field=reference("trace", null=True, related_name="carried_by"),
        ),
        *[operation for column, name in PINNED.items() for operation in ordered(column, name)],
    ]
