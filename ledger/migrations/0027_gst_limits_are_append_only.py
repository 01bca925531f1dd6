from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("ledger", "0026_gst_registrations_are_append_only")]

    operations = [AppendOnly("ledger_gstlimit")]
