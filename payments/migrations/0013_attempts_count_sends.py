from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0012_payee_check_by_band")]

    operations = [
        migrations.AddField(
            model_name="providerattempt",
            name="sends",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
