"""What a migration needs to make a new evidence table: its columns, its triggers, its rights."""

from django.db import migrations, models

import reasoning.core.identifiers

KINDS = [("person", "person"), ("service", "service account"), ("system", "system")]


def text(name):
    """A committed text with its salt beside it."""
    return [
        (name, models.TextField(null=True)),
        (f"{name}_salt", models.BinaryField(max_length=32, null=True)),
    ]


def table(name, *columns, **options):
    """A new evidence table: what all have, and its own columns."""
    identifier = models.UUIDField(
        default=reasoning.core.identifiers.uuid7,
        editable=False,
        primary_key=True,
        serialize=False,
    )
    kind = models.CharField(choices=KINDS, editable=False, max_length=10)
    return migrations.CreateModel(
        name=name,
        fields=[
            ("id", identifier),
            ("recorded_at", models.DateTimeField(editable=False)),
            ("actor_id", models.UUIDField(editable=False, null=True)),
            ("actor_kind", kind),
            *text("actor_name"),
            *columns,
        ],
        options={"abstract": False, **options},
    )


def guards(name):
    """Append-only, whoever writes (the triggers fire in replica mode too), but for erasures."""
    table = f"reasoning_{name}"
    statements = [
        ("append_only", "UPDATE OR DELETE OR TRUNCATE", "STATEMENT", "reasoning_append_only_2"),
        ("only_erasure", "UPDATE OR DELETE", "ROW", "reasoning_only_erasure"),
    ]
    return [
        migrations.RunSQL(
            f"CREATE TRIGGER {trigger} BEFORE {events} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION {function}(); "
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
            f"DROP TRIGGER {trigger} ON {table}",
        )
        for trigger, events, each, function in statements
    ]


def grant(privileges, tables, role):
    """Rights of one role on tables; taken away again by the reverse."""
    names = ", ".join(tables)
    return migrations.RunSQL(
        f"GRANT {privileges} ON {names} TO {role}", f"REVOKE {privileges} ON {names} FROM {role}"
    )


def rights(name):
    """The application adds and reads; the auditor reads."""
    return [
        grant("SELECT, INSERT", [f"reasoning_{name}"], "magistral_app"),
        grant("SELECT", [f"reasoning_{name}"], "magistral_auditor"),
    ]
