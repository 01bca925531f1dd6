from datetime import date

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0006_payments_lost")]

    operations = [
        migrations.AlterModelOptions(
            name="deposit", options={"permissions": [("confirm_deposit", "Can confirm what others bring to the bank")]}
        ),
        migrations.AlterModelOptions(
            name="counterreceipt",
            options={"permissions": [("clear_cheque", "Can say what became of cheques at the bank")]},
        ),
        migrations.AddField(
            model_name="counterreceipt",
            name="taken_on",
            field=models.DateField(default=date(2000, 1, 1)),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="counterreceipt", index=models.Index(fields=["taken_on", "taken_by"], name="counter_by_day")
        ),
        migrations.AddIndex(
            model_name="deposit", index=models.Index(fields=["deposited_on"], name="deposit_by_day")
        ),
        migrations.AddField(
            model_name="paymentparameters",
            name="cheque_late_days",
            field=models.PositiveSmallIntegerField(default=3),
        ),
        migrations.AddField(
            model_name="paymentparameters",
            name="settlement_late_days",
            field=models.PositiveSmallIntegerField(default=3),
        ),
    ]
