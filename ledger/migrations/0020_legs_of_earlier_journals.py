from django.db import migrations

from ledger.backfill import ledger_backfill


def queue_for_the_roller(apps, schema_editor):
    """Give every account its balance, and every transfer that is already posted its two waiting legs."""
    ledger_backfill(connection=schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0019_accounts_by_hand")]

    operations = [migrations.RunPython(queue_for_the_roller, migrations.RunPython.noop)]
