"""One-time links for people who are invited."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from reasoning.migrations import _evidence as evidence

USER = models.OneToOneField(
    on_delete=django.db.models.deletion.CASCADE,
    primary_key=True,
    related_name="invitation",
    serialize=False,
    to=settings.AUTH_USER_MODEL,
)


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0013_passkeys")]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("user", USER),
                ("token_sha256", models.BinaryField(max_length=32, unique=True)),
                ("expires_at", models.DateTimeField()),
            ],
        ),
        evidence.grant("SELECT, INSERT, UPDATE, DELETE", ["reasoning_invitation"], "magistral_app"),
    ]
