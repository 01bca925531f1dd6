from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("payments", "0004_incoming_payments")]

    operations = [AppendOnly("payments_paymentevent")]
