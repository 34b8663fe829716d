"""An index of beginnings: of all words that begin somehow, the whole index of words would be
gathered, whatever else is asked for. Where there are millions of rows it takes minutes to be made."""

import django.contrib.postgres.fields
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
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
BEGINNINGS = Func("words", function="reasoning_beginnings", output_field=SearchVectorField())
WITHOUT_STEMS = models.Q(language__in=("pl", "uk", "vi", "ms", "bn", "fa"))

FUNCTION = """
CREATE FUNCTION reasoning_beginnings(words tsvector) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT array_to_tsvector(ARRAY(
    SELECT DISTINCT left(word, size)
      FROM unnest(tsvector_to_array(words)) AS word CROSS JOIN unnest(ARRAY[4, 6]) AS size))
$$
"""
NAME = "reasoning_beginnings(tsvector)"


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0033_notices_from_the_start")]

    operations = [
        migrations.RunSQL(FUNCTION, f"DROP FUNCTION {NAME}"),
        migrations.RunSQL(f"REVOKE ALL ON FUNCTION {NAME} FROM PUBLIC", migrations.RunSQL.noop),
        migrations.RunSQL(
            f"GRANT EXECUTE ON FUNCTION {NAME} TO magistral_app", migrations.RunSQL.noop
        ),
        migrations.RemoveIndex("searchrow", "search_beginnings"),
        migrations.AddIndex(
            "searchrow",
            GinIndex(BEGINNINGS, DAY, TAGS, name="search_beginnings", condition=WITHOUT_STEMS),
        ),
    ]
