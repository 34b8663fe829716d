"""What is new to whom: since when they have not looked, and what happened to what they asked."""

from django.db import migrations, models

# Where a question has come to since it was asked is the last that happened to it.
HAPPENED = """
UPDATE reasoning_questionstate SET news_at = updated_at
 WHERE status IN ('in_review', 'approved', 'rejected', 'sent_back', 'failed')
"""


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0030_words_of_questions")]

    operations = [
        migrations.AddField("preference", "notices_seen_at", models.DateTimeField(null=True)),
        migrations.AddField("questionstate", "news_at", models.DateTimeField(null=True)),
        migrations.RunSQL(HAPPENED, migrations.RunSQL.noop),
        migrations.AddIndex(
            "questionstate",
            models.Index(
                fields=["asked_by", "news_at", "question"],
                name="news_of_asker",
                condition=models.Q(news_at__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "annotation",
            models.Index(fields=["actor_id", "-recorded_at", "-id"], name="annotation_person"),
        ),
    ]
