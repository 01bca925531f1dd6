from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("ledger", "0023_gst")]

    operations = [AppendOnly("ledger_taxdocument")]
