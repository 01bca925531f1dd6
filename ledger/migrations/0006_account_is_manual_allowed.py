from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0005_account_mode_is_known'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='is_manual_allowed',
            field=models.BooleanField(default=False, verbose_name='manual journals allowed'),
        ),
    ]
