"""Searching and charts: words, counts and indexes, none of them evidence; searches that people keep.

Neither is filled here: `manage.py rebuild_derived` makes both anew from the evidence."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

from reasoning.migrations import _evidence as evidence

DERIVED = ["reasoning_searchrow", "reasoning_reviewtally", "reasoning_findingtally"]


class Migration(migrations.Migration):
    dependencies = [
        ("reasoning", "0015_language_detection"),
    ]

    operations = [
        migrations.CreateModel(
            name="FindingTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("language", models.CharField(max_length=8)),
                ("prompt_version_id", models.UUIDField()),
                ("code", models.CharField(max_length=60)),
                ("shard", models.SmallIntegerField()),
                ("traces", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="ReviewTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("reviewer", models.UUIDField()),
                ("language", models.CharField(max_length=8)),
                (
                    "meaning",
                    models.CharField(
                        choices=[
                            ("approved", "approved"),
                            ("rejected", "rejected"),
                            ("sent_back", "sent back"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "pace",
                    models.CharField(
                        choices=[
                            ("minute", "under a minute"),
                            ("five", "1 to 5 minutes"),
                            ("quarter", "5 to 15 minutes"),
                            ("hour", "15 to 60 minutes"),
                            ("longer", "over an hour"),
                            ("unknown", "not known"),
                        ],
                        max_length=10,
                    ),
                ),
                ("fast", models.BooleanField()),
                ("decisions", models.PositiveIntegerField()),
                ("seconds", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="SearchRow",
            fields=[
                ("subject_id", models.UUIDField(primary_key=True, serialize=False)),
                ("question_id", models.UUIDField(db_index=True)),
                ("trace_id", models.UUIDField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("question", "question"),
                            ("trace", "trace"),
                            ("note", "note"),
                            ("decision", "decision"),
                        ],
                        max_length=10,
                    ),
                ),
                ("language", models.CharField(max_length=8)),
                ("actor_id", models.UUIDField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("case_reference", models.TextField(null=True)),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="savedview",
            name="saved_view_name",
        ),
        migrations.AddField(
            model_name="savedview",
            name="page",
            field=models.CharField(
                choices=[("queue", "Queue"), ("search", "Search")], default="queue", max_length=10
            ),
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("signed_in", "signed in"),
                    ("sign_in_failed", "failed to sign in"),
                    ("signed_out", "signed out"),
                    ("joined", "accepted the invitation"),
                    ("password_changed", "changed the password"),
                    ("factor_added", "added a way to sign in"),
                    ("factor_removed", "removed a way to sign in"),
                    ("token_issued", "made an API token"),
                    ("token_revoked", "revoked an API token"),
                    ("session_ended", "ended a session"),
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
                    ("searched", "searched"),
                    ("drew_sample", "drew a sample of decisions"),
                    ("check_asked", "asked for a check of the log"),
                    ("checked", "checked the log"),
                    ("integrity_alarm", "found a damaged record"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("actor_id__isnull", False)),
                fields=["actor_id", "-recorded_at", "-id"],
                name="audit_event_person",
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("action__in", ["drew_sample", "check_asked", "checked"])),
                fields=["action", "-recorded_at"],
                name="audit_event_oversight",
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("action", "downloaded")),
                fields=["subject_id", "-recorded_at"],
                name="audit_event_taken",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["recorded_at", "id"], name="decision_newest"),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["actor_id", "-recorded_at", "-id"], name="decision_person"),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["code", "trace"], name="finding_code"),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                fields=("user", "page", "name"), name="saved_view_name"
            ),
        ),
        migrations.AddField(
            model_name="findingtally",
            name="workspace",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="reasoning.workspace",
            ),
        ),
        migrations.AddField(
            model_name="reviewtally",
            name="workspace",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="reasoning.workspace",
            ),
        ),
        migrations.AddField(
            model_name="searchrow",
            name="workspace",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="reasoning.workspace",
            ),
        ),
        migrations.AddConstraint(
            model_name="findingtally",
            constraint=models.UniqueConstraint(
                fields=("workspace", "day", "language", "prompt_version_id", "code", "shard"),
                name="one_finding_tally",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewtally",
            constraint=models.UniqueConstraint(
                fields=("workspace", "day", "reviewer", "language", "meaning", "pace", "fast"),
                name="one_review_tally",
            ),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=django.contrib.postgres.indexes.GinIndex(fields=["words"], name="search_words"),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=models.Index(fields=["-recorded_at", "-subject_id"], name="search_newest"),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=models.Index(
                condition=models.Q(("actor_id__isnull", False)),
                fields=["actor_id", "-recorded_at", "-subject_id"],
                name="search_person",
            ),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=models.Index(
                condition=models.Q(("case_reference__isnull", False)),
                fields=["case_reference"],
                name="search_case",
                opclasses=["text_pattern_ops"],
            ),
        ),
        # A view of the name of another page's would stand in the way of the old constraint.
        migrations.RunSQL(
            migrations.RunSQL.noop, "DELETE FROM reasoning_savedview WHERE page <> 'queue'"
        ),
        # Documents by the beginning of their hash: sixteen digits are unique enough to find one.
        migrations.RunSQL(
            "CREATE INDEX entry_hash ON reasoning_entry (substring(document_sha256, 1, 8))",
            "DROP INDEX entry_hash",
        ),
        evidence.grant("SELECT, INSERT, UPDATE, DELETE", DERIVED, "magistral_app"),
    ]
