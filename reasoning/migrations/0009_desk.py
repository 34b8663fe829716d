"""The reviewer's desk: a queue that is read from one short index, claims that can be handed over, saved
views and preferences, and notes with their surroundings.

Notes that are there already stay of form 1: their documents do not know the new columns."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import reasoning.core.identifiers

USER = settings.AUTH_USER_MODEL

# What the new columns repeat. Where several traces are stored, the newest is the one to decide on.
FILL_STATES = """
UPDATE reasoning_questionstate AS state
   SET workspace_id = question.workspace_id, asked_at = question.recorded_at,
       asked_by = question.actor_id, language = question.language,
       trace_id = (SELECT trace.id FROM reasoning_trace AS trace
                     JOIN reasoning_run AS run ON run.id = trace.run_id
                     JOIN reasoning_attempt AS attempt ON attempt.id = trace.attempt_id
                    WHERE trace.question_id = question.id
                    ORDER BY run.number DESC, attempt.number DESC LIMIT 1)
  FROM reasoning_question AS question WHERE question.id = state.question_id;
SET CONSTRAINTS ALL IMMEDIATE
"""


def grant(table):
    return migrations.RunSQL(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO magistral_app",
        f"REVOKE ALL ON {table} FROM magistral_app",
    )


def one_each(model, **options):
    return models.OneToOneField(
        on_delete=django.db.models.deletion.CASCADE,
        primary_key=True,
        related_name=model,
        serialize=False,
        to=USER,
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0008_flow")]

    operations = [
        # The queue.
        migrations.AddField(
            model_name="questionstate",
            name="workspace",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="reasoning.workspace",
            ),
        ),
        migrations.AddField("questionstate", "asked_at", models.DateTimeField(null=True)),
        migrations.AddField("questionstate", "asked_by", models.UUIDField(null=True)),
        migrations.AddField("questionstate", "language", models.CharField(max_length=8, null=True)),
        migrations.AddField(
            model_name="questionstate",
            name="trace",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="reasoning.trace",
            ),
        ),
        migrations.RunSQL(FILL_STATES, "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.AlterField(
            model_name="questionstate",
            name="workspace",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="reasoning.workspace",
            ),
        ),
        migrations.AlterField("questionstate", "asked_at", models.DateTimeField()),
        migrations.AlterField("questionstate", "language", models.CharField(max_length=8)),
        migrations.AddIndex(
            model_name="questionstate",
            index=models.Index(
                condition=models.Q(("status", "in_review")),
                fields=["workspace", "asked_at", "question"],
                name="review_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="question",
            index=models.Index(fields=["-recorded_at", "-id"], name="question_newest"),
        ),
        migrations.AddIndex(
            model_name="question",
            index=models.Index(fields=["workspace", "case_reference"], name="question_case"),
        ),
        # Claims.
        migrations.AlterField("reviewclaim", "expires_at", models.DateTimeField(db_index=True)),
        migrations.AddField(
            model_name="reviewclaim",
            name="handed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=USER,
            ),
        ),
        migrations.AddField("reviewclaim", "reason", models.CharField(default="", max_length=1000)),
        # Who looked at what.
        migrations.AlterField(
            model_name="auditevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("signed_in", "signed in"),
                    ("sign_in_failed", "failed to sign in"),
                    ("signed_out", "signed out"),
                    ("account_locked", "account locked"),
                    ("viewed", "viewed"),
                    ("downloaded", "downloaded the evidence"),
                    ("refused", "was refused"),
                    ("claimed", "took the review"),
                    ("released", "gave the review back"),
                    ("handed_over", "handed the review over"),
                    ("cancelled", "cancelled the run"),
                    ("stopped", "stopped the work"),
                    ("resumed", "resumed the work"),
                    ("gave_up", "gave a run up at its deadline"),
                    ("integrity_alarm", "found a damaged record"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("question_id__isnull", False)),
                fields=["question_id", "actor_id", "recorded_at"],
                name="audit_event_question",
            ),
        ),
        # People's own.
        migrations.CreateModel(
            name="Preference",
            fields=[
                ("user", one_each("preference")),
                ("single_keys", models.BooleanField(default=True)),
                (
                    "layout",
                    models.CharField(
                        choices=[
                            ("stacked", "One below the other"),
                            ("beside", "Side by side"),
                        ],
                        default="stacked",
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SavedView",
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
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(max_length=1000)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=USER,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "name"), name="saved_view_name")
                ],
            },
        ),
        grant("reasoning_preference"),
        grant("reasoning_savedview"),
        # Notes: what is there is of form 1, what comes of form 2.
        migrations.AddField("annotation", "form", models.PositiveSmallIntegerField(default=1)),
        migrations.AlterField("annotation", "form", models.PositiveSmallIntegerField(default=2)),
        migrations.AddField("annotation", "prefix", models.TextField(null=True)),
        migrations.AddField(
            "annotation", "prefix_salt", models.BinaryField(max_length=32, null=True)
        ),
        migrations.AddField("annotation", "suffix", models.TextField(null=True)),
        migrations.AddField(
            "annotation", "suffix_salt", models.BinaryField(max_length=32, null=True)
        ),
        migrations.AddField("annotation", "resolves", models.BooleanField(default=False)),
    ]
