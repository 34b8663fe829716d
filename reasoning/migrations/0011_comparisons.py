"""Replays, re-scores and looks at engines as evidence; and more of what a trace knows.

Never edit a shipped function or grant: add a migration."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import reasoning.core.identifiers

NEW = ["comparisonrequest", "replay", "rescore", "probe"]
LONG = {"replay": ["raw_response", "raw_text", "output_token_ids"], "rescore": ["scores"]}


def triggers(table):
    """As on all evidence (migration 0004): ALWAYS, for statements and for rows."""
    return [
        migrations.RunSQL(
            f"""
            CREATE TRIGGER only_erasure BEFORE UPDATE OR DELETE ON reasoning_{table}
              FOR EACH ROW EXECUTE FUNCTION reasoning_only_erasure();
            ALTER TABLE reasoning_{table} ENABLE ALWAYS TRIGGER only_erasure;
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reasoning_{table}
              FOR EACH STATEMENT EXECUTE FUNCTION reasoning_append_only_2();
            ALTER TABLE reasoning_{table} ENABLE ALWAYS TRIGGER append_only
            """,
            f"""
            DROP TRIGGER append_only ON reasoning_{table};
            DROP TRIGGER only_erasure ON reasoning_{table}
            """,
        )
    ]


def grant(privileges, table, role):
    return migrations.RunSQL(
        f"GRANT {privileges} ON reasoning_{table} TO {role}",
        f"REVOKE {privileges} ON reasoning_{table} FROM {role}",
    )


def storage(table, column):
    """Long texts as they are (migration 0005)."""
    alter = f"ALTER TABLE reasoning_{table} ALTER COLUMN {column} SET STORAGE"
    return migrations.RunSQL(f"{alter} EXTERNAL", f"{alter} EXTENDED")


class Migration(migrations.Migration):
    dependencies = [
        ("reasoning", "0010_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="trace",
            name="effective_parameters",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="trace",
            name="engine_flags",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="trace",
            name="engine_window",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="trace",
            name="last_token_ms",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="trace",
            name="tokenizer_version",
            field=models.CharField(max_length=20, null=True),
        ),
        migrations.CreateModel(
            name="ComparisonRequest",
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
                ("recorded_at", models.DateTimeField(editable=False)),
                ("actor_id", models.UUIDField(editable=False, null=True)),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("person", "person"),
                            ("service", "service account"),
                            ("system", "system"),
                        ],
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("actor_name", models.TextField(null=True)),
                ("actor_name_salt", models.BinaryField(max_length=32, null=True)),
                ("question_id", models.UUIDField()),
                (
                    "what",
                    models.CharField(
                        choices=[("replay", "replay"), ("rescore", "re-score")], max_length=10
                    ),
                ),
                (
                    "trace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comparisons",
                        to="reasoning.trace",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Probe",
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
                ("recorded_at", models.DateTimeField(editable=False)),
                ("actor_id", models.UUIDField(editable=False, null=True)),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("person", "person"),
                            ("service", "service account"),
                            ("system", "system"),
                        ],
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("actor_name", models.TextField(null=True)),
                ("actor_name_salt", models.BinaryField(max_length=32, null=True)),
                (
                    "occasion",
                    models.CharField(
                        choices=[
                            ("asked", "somebody asked"),
                            ("worker_start", "a worker started"),
                            ("run", "a run was about to begin"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "differing",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), size=None
                    ),
                ),
                ("engine", models.CharField(max_length=40)),
                ("version", models.CharField(max_length=100)),
                ("model", models.CharField(max_length=200)),
                ("window", models.PositiveIntegerField(null=True)),
                ("fingerprint", models.CharField(max_length=200)),
                ("tokenizer", models.CharField(max_length=10)),
                ("token_ids", models.CharField(max_length=10)),
                ("parser", models.CharField(max_length=10)),
                ("failure_code", models.CharField(max_length=60)),
                ("failure", models.TextField(null=True)),
                ("failure_salt", models.BinaryField(max_length=32, null=True)),
                (
                    "deployment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="probes",
                        to="reasoning.deployment",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Replay",
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
                ("recorded_at", models.DateTimeField(editable=False)),
                ("actor_id", models.UUIDField(editable=False, null=True)),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("person", "person"),
                            ("service", "service account"),
                            ("system", "system"),
                        ],
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("actor_name", models.TextField(null=True)),
                ("actor_name_salt", models.BinaryField(max_length=32, null=True)),
                ("trace_id", models.UUIDField()),
                ("question_id", models.UUIDField()),
                ("engine_model", models.CharField(max_length=200)),
                ("engine_version", models.CharField(max_length=100)),
                ("engine_fingerprint", models.CharField(max_length=200)),
                ("engine_window", models.PositiveIntegerField(null=True)),
                (
                    "differing",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), size=None
                    ),
                ),
                ("failure_code", models.CharField(max_length=60)),
                ("failure", models.TextField(null=True)),
                ("failure_salt", models.BinaryField(max_length=32, null=True)),
                (
                    "unit",
                    models.CharField(
                        choices=[("tokens", "tokens"), ("characters", "characters")], max_length=10
                    ),
                ),
                ("compared", models.PositiveIntegerField()),
                ("again", models.PositiveIntegerField()),
                ("matched", models.PositiveIntegerField()),
                ("first_difference", models.PositiveIntegerField(null=True)),
                ("share", models.CharField(max_length=6)),
                ("finish_reason", models.CharField(max_length=40)),
                ("engine_request_id", models.CharField(max_length=200)),
                ("total_ms", models.BigIntegerField()),
                ("raw_response", models.BinaryField(null=True)),
                ("raw_response_salt", models.BinaryField(max_length=32, null=True)),
                ("raw_text", models.TextField(null=True)),
                ("raw_text_salt", models.BinaryField(max_length=32, null=True)),
                ("output_token_ids", models.BinaryField(null=True)),
                ("output_token_ids_salt", models.BinaryField(max_length=32, null=True)),
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)s",
                        to="reasoning.comparisonrequest",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Rescore",
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
                ("recorded_at", models.DateTimeField(editable=False)),
                ("actor_id", models.UUIDField(editable=False, null=True)),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("person", "person"),
                            ("service", "service account"),
                            ("system", "system"),
                        ],
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("actor_name", models.TextField(null=True)),
                ("actor_name_salt", models.BinaryField(max_length=32, null=True)),
                ("trace_id", models.UUIDField()),
                ("question_id", models.UUIDField()),
                ("engine_model", models.CharField(max_length=200)),
                ("engine_version", models.CharField(max_length=100)),
                ("engine_fingerprint", models.CharField(max_length=200)),
                ("engine_window", models.PositiveIntegerField(null=True)),
                (
                    "differing",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), size=None
                    ),
                ),
                ("failure_code", models.CharField(max_length=60)),
                ("failure", models.TextField(null=True)),
                ("failure_salt", models.BinaryField(max_length=32, null=True)),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("agrees", "agrees"),
                            ("differs", "differs"),
                            ("undecided", "undecided"),
                        ],
                        max_length=10,
                    ),
                ),
                ("tokens", models.PositiveIntegerField()),
                ("mean_logprob", models.CharField(max_length=20)),
                ("likeliest", models.PositiveIntegerField()),
                ("expected", models.CharField(max_length=20)),
                ("deviation", models.CharField(max_length=20)),
                ("impossible", models.PositiveIntegerField()),
                ("scores", models.BinaryField(null=True)),
                ("scores_salt", models.BinaryField(max_length=32, null=True)),
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)s",
                        to="reasoning.comparisonrequest",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ComparisonJob",
            fields=[
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="job",
                        serialize=False,
                        to="reasoning.comparisonrequest",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "under way"),
                            ("done", "done"),
                        ],
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["waiting", "running"])),
                        fields=["updated_at"],
                        name="comparisons_open",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="comparisonrequest",
            index=models.Index(fields=["question_id"], name="comparison_question"),
        ),
        migrations.AddIndex(
            model_name="probe",
            index=models.Index(fields=["deployment", "-recorded_at"], name="probe_deployment"),
        ),
        *[operation for table in NEW for operation in triggers(table)],
        *[grant("SELECT, INSERT", table, "magistral_app") for table in NEW],
        *[grant("SELECT", table, "magistral_auditor") for table in NEW],
        grant("SELECT, INSERT, UPDATE, DELETE", "comparisonjob", "magistral_app"),
        *[storage(table, column) for table, columns in LONG.items() for column in columns],
    ]
