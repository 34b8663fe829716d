"""Signing in: the application's rights on the tables of django-allauth, and one count of failures
for all credentials."""

from django.db import migrations, models

from reasoning.migrations import _evidence as evidence

TABLES = [
    "account_emailaddress",
    "account_emailconfirmation",
    "mfa_authenticator",
    "socialaccount_socialaccount",
    "socialaccount_socialapp",
    "socialaccount_socialtoken",
    "usersessions_usersession",
]
ACTIONS = [
    ("signed_in", "signed in"),
    ("sign_in_failed", "failed to sign in"),
    ("signed_out", "signed out"),
    ("joined", "accepted the invitation"),
    ("password_changed", "changed the password"),
    ("factor_added", "added a way to sign in"),
    ("factor_removed", "removed a way to sign in"),
    ("token_issued", "made an API token"),
    ("token_revoked", "revoked an API token"),
    ("session_ended", "ended a session"),
    ("account_locked", "account locked"),
    ("viewed", "viewed"),
    ("downloaded", "downloaded the evidence"),
    ("refused", "was refused"),
    ("claimed", "took the review"),
    ("released", "gave the review back"),
    ("handed_over", "handed the review over"),
    ("cancelled", "cancelled the run"),
    ("stopped", "stopped the work"),
    ("resumed", "resumed the work"),
    ("gave_up", "gave a run up at its deadline"),
    ("integrity_alarm", "found a damaged record"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("reasoning", "0009_desk"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        evidence.grant("SELECT, INSERT, UPDATE, DELETE", TABLES, "magistral_app"),
        migrations.RenameField("user", "failed_signatures", "failed_credentials"),
        migrations.AlterField(
            model_name="auditevent",
            name="action",
            field=models.CharField(choices=ACTIONS, max_length=20),
        ),
    ]
