from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("payments", "0016_disputes_payers_compensation")]

    operations = [
        AppendOnly("payments_disputepaper"),
        AppendOnly("payments_compensationrule"),
        AppendOnly("payments_payoutcompensation"),
    ]
