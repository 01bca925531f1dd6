from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("ledger", "0032_gst_deadlines")]

    operations = [AppendOnly("ledger_gstdeadline")]
