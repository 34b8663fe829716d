"""What happened before there were notices is new to nobody."""

from django.db import migrations

# As if everybody whose page of notices was not opened yet had opened it when it came.
SEEN = """
INSERT INTO reasoning_preference AS kept (user_id, single_keys, layout, language, notices_seen_at)
SELECT account.id, true, 'stacked', '', came.applied
  FROM reasoning_user AS account JOIN django_migrations AS came
    ON came.app = 'reasoning' AND came.name = '0031_notices'
    ON CONFLICT (user_id) DO UPDATE SET notices_seen_at = excluded.notices_seen_at
 WHERE kept.notices_seen_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0032_more_drafts")]

    operations = [migrations.RunSQL(SEEN, migrations.RunSQL.noop)]
