"""The interface's language, with the person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0016_oversight")]

    operations = [
        migrations.AddField(
            model_name="preference",
            name="language",
            field=models.CharField(blank=True, default="", max_length=10),
        ),
    ]
