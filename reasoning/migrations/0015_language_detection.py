"""By what a language was told, and how surely. Older rows do not say, nor do their documents."""

from django.db import migrations, models

COLUMNS = [
    ("question", "detected_probability", 8),
    ("question", "language_detector", 100),
    ("trace", "thinking_probability", 8),
    ("trace", "summary_probability", 8),
    ("trace", "language_detector", 100),
]


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0014_invitations")]

    operations = [
        migrations.AddField(
            model, name, models.CharField(default="", max_length=length), preserve_default=False
        )
        for model, name, length in COLUMNS
    ]
