"""Passkeys as evidence, and decisions that they sign."""

import django.db.models.deletion
from django.db import migrations, models

from reasoning.migrations import _evidence as evidence

PASSKEY = models.ForeignKey(
    null=True,
    on_delete=django.db.models.deletion.PROTECT,
    related_name="decisions",
    to="reasoning.passkey",
)


def added(name, field):
    return migrations.AddField(model_name="decision", name=name, field=field)


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0012_run_limit_of_policies")]

    operations = [
        evidence.table(
            "Passkey",
            ("credential_id", models.BinaryField(max_length=1023, unique=True)),
            ("public_key", models.BinaryField(max_length=2000)),
            ("rp_id", models.CharField(max_length=253)),
            *evidence.text("name"),
        ),
        *evidence.guards("passkey"),
        *evidence.rights("passkey"),
        added("passkey", PASSKEY),
        added("nonce", models.CharField(default="", max_length=64)),
        added("authenticator_data", models.BinaryField(null=True)),
        added("client_data", models.BinaryField(null=True)),
        added("signature", models.BinaryField(null=True)),
    ]
