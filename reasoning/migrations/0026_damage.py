"""When a record was last found damaged, without reading every audit event."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reasoning", "0025_found_quickly"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("action", "integrity_alarm")),
                fields=["-recorded_at"],
                name="audit_event_damage",
            ),
        ),
    ]
