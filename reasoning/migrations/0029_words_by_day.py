"""The index of words knows the day and the facets of each row: frequent words are read by stretches
of time. One of its own serves languages whose words are compared by their beginnings: to gather
what begins so takes as long as there are rows, of whatever language. Where there are millions of
rows they take minutes to be made."""

import django.contrib.postgres.fields
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import Func
from django.db.models.functions import Cast

DAY = Func(
    "recorded_at",
    template="ARRAY[(%(expressions)s AT TIME ZONE 'UTC')::date]",
    output_field=django.contrib.postgres.fields.ArrayField(models.DateField()),
)
TAGS = Func(
    "kind",
    "language",
    Cast("workspace", models.TextField()),
    Cast("actor_id", models.TextField()),
    template="ARRAY[%(expressions)s]",
    output_field=django.contrib.postgres.fields.ArrayField(models.TextField()),
)


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0028_findings_of_the_queue")]

    operations = [
        migrations.RemoveIndex("searchrow", "search_words"),
        migrations.AddIndex("searchrow", GinIndex("words", DAY, TAGS, name="search_words")),
        migrations.AddIndex(
            "searchrow",
            GinIndex(
                "words",
                DAY,
                TAGS,
                name="search_beginnings",
                condition=models.Q(language__in=("pl", "uk", "vi", "ms", "bn", "fa")),
            ),
        ),
    ]
