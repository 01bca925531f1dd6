from django.conf import settings
from django.db import migrations
from zoneinfo import ZoneInfo


def fill(apps, _schema_editor):
    """Take the day on which the payment was entered: a cheque's own day moved on when it cleared."""
    receipts = apps.get_model("payments", "CounterReceipt").objects
    for row in receipts.select_related("payment").iterator():
        row.taken_on = row.payment.created_at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
        if row.kind == "CASH":
            row.taken_on = row.payment.taken_on
        row.save(update_fields=["taken_on"])


class Migration(migrations.Migration):
    dependencies = [("payments", "0007_counter_days")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
