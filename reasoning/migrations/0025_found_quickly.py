"""Indexes for what a page asks of one record, of a person's searches, and of kinds and languages."""

from django.db import migrations, models


def add(model, name, *fields, **options):
    return migrations.AddIndex(model, models.Index(fields=fields, name=name, **options))


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0024_spans")]

    operations = [
        add("attempt", "attempt_question", "question_id"),
        add("finding", "finding_question", "question_id"),
        add("annotation", "annotation_question", "question_id"),
        add(
            "auditevent",
            "audit_event_searches",
            "actor_id",
            "-recorded_at",
            "-id",
            condition=models.Q(action="searched"),
        ),
        add("searchrow", "search_kind", "kind", "-recorded_at", "-subject_id"),
        add("searchrow", "search_language", "language", "kind", "-recorded_at", "-subject_id"),
    ]
