from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("ledger", "0014_periods")]

    operations = [AppendOnly("ledger_entry")]
