from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("ledger", "0015_entries_are_append_only")]

    operations = [AppendOnly("ledger_deferredentry", may_delete=True)]
