"""Lists of questions are read from their states, by workspace, status or language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0022_shares")]

    operations = [
        migrations.RemoveIndex("question", "question_list"),
        migrations.RemoveIndex("question", "question_newest"),
        migrations.RemoveIndex("questionstate", "question_status"),
        migrations.AddIndex(
            "questionstate",
            models.Index(fields=["workspace", "asked_at", "question"], name="asked_in_room"),
        ),
        migrations.AddIndex(
            "questionstate",
            models.Index(
                fields=["workspace", "status", "asked_at", "question"], name="asked_by_status"
            ),
        ),
        migrations.AddIndex(
            "questionstate",
            models.Index(
                fields=["workspace", "language", "asked_at", "question"], name="asked_by_language"
            ),
        ),
    ]
