"""Tallies of months and of whole days beside those of days: a year's charts read few rows."""

from django.db import migrations, models

SPANS = [("day", "Day"), ("month", "Month"), ("total", "Total")]
REVIEWS = "workspace_id, reviewer, language, meaning, pace, fast"
FINDINGS = "workspace_id, language, prompt_version_id, code, shard"
ADD = f"""
INSERT INTO reasoning_reviewtally (span, day, {REVIEWS}, decisions, seconds)
SELECT 'month', date_trunc('month', day)::date, {REVIEWS}, sum(decisions), sum(seconds)
  FROM reasoning_reviewtally GROUP BY date_trunc('month', day), {REVIEWS};
INSERT INTO reasoning_reviewtally (span, day, {REVIEWS}, decisions, seconds)
SELECT 'total', day, workspace_id, '00000000-0000-0000-0000-000000000000', '', meaning, 'unknown',
       false, sum(decisions), sum(seconds)
  FROM reasoning_reviewtally WHERE span = 'day' GROUP BY day, workspace_id, meaning;
INSERT INTO reasoning_findingtally (span, day, {FINDINGS}, traces)
SELECT 'month', date_trunc('month', day)::date, {FINDINGS}, sum(traces)
  FROM reasoning_findingtally GROUP BY date_trunc('month', day), {FINDINGS};
"""  # noqa: S608
REMOVE = """
DELETE FROM reasoning_reviewtally WHERE span <> 'day';
DELETE FROM reasoning_findingtally WHERE span <> 'day';
"""


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0023_lists")]

    operations = [
        *[
            migrations.AddField(
                model, "span", models.CharField(choices=SPANS, default="day", max_length=5)
            )
            for model in ("reviewtally", "findingtally")
        ],
        migrations.RemoveConstraint("reviewtally", "one_review_tally"),
        migrations.RemoveConstraint("findingtally", "one_finding_tally"),
        migrations.AddConstraint(
            "reviewtally",
            models.UniqueConstraint(
                fields=[
                    "workspace", "span", "day", "reviewer", "language", "meaning", "pace", "fast"
                ],
                name="one_review_tally",
            ),
        ),
        migrations.AddConstraint(
            "findingtally",
            models.UniqueConstraint(
                fields=[
                    "workspace", "span", "day", "language", "prompt_version_id", "code", "shard"
                ],
                name="one_finding_tally",
            ),
        ),
        migrations.RunSQL(ADD, REMOVE),
    ]  # fmt: skip
