"""An operator without an account can stop the work, from the command line."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0017_language")]

    operations = [
        migrations.AlterField(
            "halt",
            "by",
            models.ForeignKey(
                settings.AUTH_USER_MODEL,
                django.db.models.deletion.PROTECT,
                null=True,
                related_name="+",
            ),
        )
    ]
