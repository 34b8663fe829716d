"""The queue: which run is next, engines that are full or away, limits, and the stop switch.

Never edit a shipped function or grant: add a migration."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import reasoning.core.identifiers

PROTECT = django.db.models.deletion.PROTECT

FILL = """
UPDATE reasoning_runstate AS state
   SET workspace_id = question.workspace_id, deployment_id = run.deployment_id,
       queued_at = run.recorded_at, deadline = now() + interval '1 day'
  FROM reasoning_run AS run JOIN reasoning_question AS question ON question.id = run.question_id
 WHERE run.id = state.run_id
"""


def table(name, *fields, **options):
    """A table that the application may change."""
    rights = "SELECT, INSERT, UPDATE, DELETE"
    on = f"ON reasoning_{name.lower()}"
    return [
        migrations.CreateModel(name=name, fields=list(fields), options=options),
        migrations.RunSQL(
            f"GRANT {rights} {on} TO magistral_app", f"REVOKE {rights} {on} FROM magistral_app"
        ),
    ]


def link(model, **options):
    return models.ForeignKey(model, PROTECT, related_name="+", **options)


def required(name, **options):
    """A column of runs' states that is filled for the runs there are, then required."""
    kind = {"queued_at": models.DateTimeField, "deadline": models.DateTimeField}.get(name)
    field = kind if kind else lambda **null: link(f"reasoning.{name}", db_index=False, **null)
    return (
        migrations.AddField("runstate", name, field(null=True)),
        migrations.AlterField("runstate", name, field()),
    )


REQUIRED = [required(name) for name in ("workspace", "deployment", "queued_at", "deadline")]


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0007_policies_and_follow_ups")]

    operations = [
        # Where attempts are sent
        migrations.AddField(
            "deployment",
            "replicas",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.URLField(max_length=300), default=list, size=None
            ),
        ),
        migrations.AddField("attempt", "base_url", models.CharField(default="", max_length=300)),
        # The queue
        migrations.RemoveIndex("runstate", "run_leases"),
        migrations.RemoveIndex("runstate", "run_waiting"),
        migrations.RemoveField("runstate", "dispatched_at"),
        *[add for add, _require in REQUIRED],
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        *[require for _add, require in REQUIRED],
        migrations.AddField("runstate", "base_url", models.CharField(default="", max_length=300)),
        migrations.AddField("runstate", "troubles", models.PositiveIntegerField(default=0)),
        migrations.AddIndex(
            "runstate",
            models.Index(
                fields=["priority", "workspace", "deployment", "queued_at"],
                name="run_lanes",
                condition=models.Q(status="queued"),
            ),
        ),
        migrations.AddIndex(
            "runstate",
            models.Index(
                fields=["deadline"], name="run_deadlines", condition=models.Q(status="queued")
            ),
        ),
        migrations.AddIndex(
            "runstate",
            models.Index(
                fields=["workspace", "deployment", "base_url"],
                name="run_streams",
                condition=models.Q(status="running"),
            ),
        ),
        # Leases are renewed every second: leave room in each page for the new version of the row.
        migrations.RunSQL(
            "ALTER TABLE reasoning_runstate SET (fillfactor = 70)",
            "ALTER TABLE reasoning_runstate RESET (fillfactor)",
        ),
        # Limits and policy
        migrations.AddField("workspace", "run_limit", models.PositiveIntegerField(null=True)),
        migrations.AddField("workspace", "weight", models.PositiveSmallIntegerField(default=1)),
        migrations.AddField(
            "workspace", "highest_priority", models.PositiveSmallIntegerField(default=5)
        ),
        migrations.AddField("workspace", "served_at", models.DateTimeField(null=True)),
        *table(
            "StreamLimit",
            (
                "deployment",
                models.OneToOneField(
                    "reasoning.deployment",
                    PROTECT,
                    primary_key=True,
                    related_name="stream_limit",
                    serialize=False,
                ),
            ),
            ("streams", models.PositiveIntegerField()),
        ),
        # Engines that are full or away
        *table(
            "Gate",
            ("base_url", models.CharField(max_length=300, primary_key=True, serialize=False)),
            ("trouble", models.CharField(max_length=60)),
            ("room", models.PositiveIntegerField()),
            ("pause_seconds", models.PositiveIntegerField()),
            ("closed_until", models.DateTimeField()),
            ("since", models.DateTimeField()),
        ),
        # The stop switch
        *table(
            "Halt",
            (
                "id",
                models.UUIDField(
                    default=reasoning.core.identifiers.uuid7,
                    editable=False,
                    primary_key=True,
                    serialize=False,
                ),
            ),
            ("workspace", link("reasoning.workspace", null=True)),
            ("deployment", link("reasoning.deployment", null=True)),
            ("reason", models.TextField()),
            ("since", models.DateTimeField()),
            ("by", link(settings.AUTH_USER_MODEL)),
            constraints=[
                models.UniqueConstraint(
                    fields=("workspace", "deployment"), name="one_halt", nulls_distinct=False
                ),
                models.CheckConstraint(
                    condition=models.Q(("workspace", None), ("deployment", None), _connector="OR"),
                    name="one_scope",
                ),
            ],
        ),
        migrations.AlterField(
            "auditevent",
            "action",
            models.CharField(
                choices=[
                    ("signed_in", "signed in"),
                    ("sign_in_failed", "failed to sign in"),
                    ("signed_out", "signed out"),
                    ("account_locked", "account locked"),
                    ("viewed", "viewed"),
                    ("downloaded", "downloaded the evidence"),
                    ("refused", "was refused"),
                    ("claimed", "took the review"),
                    ("cancelled", "cancelled the run"),
                    ("stopped", "stopped the work"),
                    ("resumed", "resumed the work"),
                    ("gave_up", "gave a run up at its deadline"),
                    ("integrity_alarm", "found a damaged record"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            "trace",
            "ending",
            models.CharField(
                choices=[
                    ("finished", "the engine finished"),
                    ("cancelled", "cancelled"),
                    ("engine_error", "the engine reported an error"),
                    ("disconnected", "the connection broke"),
                    ("timed_out", "no answer in time"),
                    ("worker_lost", "the worker was lost"),
                    ("halted", "stopped by an administrator"),
                    ("refused", "refused before or by the engine"),
                ],
                max_length=20,
            ),
        ),
    ]
