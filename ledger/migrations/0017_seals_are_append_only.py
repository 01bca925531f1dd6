from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("ledger", "0016_deferred_entries_never_change")]

    operations = [AppendOnly("ledger_seal")]
