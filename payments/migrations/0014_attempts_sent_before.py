from typing import Any

from django.db import migrations


def sent_once(apps: Any, schema_editor: Any) -> None:
    """Count what has left before requests were counted: at least one."""
    attempts = apps.get_model("payments", "ProviderAttempt").objects.using(schema_editor.connection.alias)
    attempts.filter(first_sent_at__isnull=False, sends=0).update(sends=1)


class Migration(migrations.Migration):
    dependencies = [("payments", "0013_attempts_count_sends")]

    operations = [migrations.RunPython(sent_once, migrations.RunPython.noop, elidable=True)]
