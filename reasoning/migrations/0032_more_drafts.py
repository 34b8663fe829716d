"""Drafts of replies to notes, of keeping out, and of handing a review over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0031_notices")]

    operations = [
        migrations.AlterField(
            "draft",
            "drafted",
            models.CharField(
                choices=[
                    ("question", "Question"),
                    ("note", "Note"),
                    ("reply", "Reply"),
                    ("view", "View"),
                    ("decision", "Decision"),
                    ("withdrawal", "Withdrawal"),
                    ("recusal", "Recusal"),
                    ("hand_over", "Hand Over"),
                ],
                max_length=10,
            ),
        )
    ]
