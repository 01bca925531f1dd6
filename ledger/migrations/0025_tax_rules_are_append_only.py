from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("ledger", "0024_tax_documents_are_append_only")]

    operations = [AppendOnly("ledger_taxrule")]
