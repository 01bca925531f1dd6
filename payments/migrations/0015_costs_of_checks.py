from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0014_attempts_sent_before")]

    operations = [
        migrations.AddField(
            model_name="payeecheck",
            name="fee_paise",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="payeecheck",
            name="moved_paise",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="payeecheck",
            name="booked_on",
            field=models.DateField(null=True),
        ),
    ]
