"""Questions have an index of words of their own: most words are frequent in traces alone."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import Func
from django.db.models.functions import Cast

DAY = Func(
    "recorded_at",
    template="ARRAY[(%(expressions)s AT TIME ZONE 'UTC')::date]",
    output_field=ArrayField(models.DateField()),
)
TAGS = Func(
    "kind",
    "language",
    Cast("workspace", models.TextField()),
    Cast("actor_id", models.TextField()),
    template="ARRAY[%(expressions)s]",
    output_field=ArrayField(models.TextField()),
)


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0029_words_by_day")]

    operations = [
        migrations.AddIndex(
            "searchrow",
            GinIndex(
                "words",
                DAY,
                TAGS,
                name="search_questions",
                condition=models.Q(kind="question"),
            ),
        ),
    ]
