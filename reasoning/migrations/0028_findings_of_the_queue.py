"""The state of a question repeats its trace's findings: the queue filters without looking each up."""

import django.contrib.postgres.fields
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

REPEAT = """
UPDATE reasoning_questionstate AS state SET findings = found.codes, gravest = found.gravest
  FROM (SELECT trace_id, array_agg(DISTINCT code::varchar ORDER BY code::varchar) AS codes,
               (ARRAY['info', 'warning', 'blocking'])[
                 max(array_position(ARRAY['info', 'warning', 'blocking'], severity::text))
               ] AS gravest
          FROM reasoning_finding GROUP BY trace_id) AS found
 WHERE found.trace_id = state.trace_id
"""


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0027_drafts")]

    operations = [
        migrations.AddField(
            "questionstate",
            "findings",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60), default=list, size=None
            ),
        ),
        migrations.AddField(
            "questionstate", "gravest", models.CharField(default="", max_length=10)
        ),
        migrations.RunSQL(REPEAT, migrations.RunSQL.noop),
        migrations.AddIndex(
            "questionstate",
            models.Index(
                fields=["workspace", "gravest", "asked_at", "question"],
                name="review_gravest",
                condition=models.Q(status="in_review"),
            ),
        ),
        migrations.AddIndex(
            "questionstate",
            GinIndex(
                fields=["findings"],
                name="review_findings",
                condition=models.Q(status="in_review"),
            ),
        ),
    ]
