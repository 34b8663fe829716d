"""Changes of configuration: old value, new value, who and why."""

import django.db.models.deletion
from django.db import migrations, models

from reasoning.migrations import _evidence as evidence

WORKSPACE = models.ForeignKey(
    null=True,
    on_delete=django.db.models.deletion.PROTECT,
    related_name="+",
    to="reasoning.workspace",
)


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0005_storage")]

    operations = [
        evidence.table(
            "Change",
            ("workspace", WORKSPACE),
            ("subject", models.CharField(max_length=30)),
            ("subject_id", models.UUIDField(db_index=True)),
            ("field", models.CharField(max_length=60)),
            *evidence.text("old"),
            *evidence.text("new"),
            *evidence.text("reason"),
        ),
        *evidence.guards("change"),
        *evidence.rights("change"),
    ]
