from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0004_account_mode'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('mode__in', ['SYNC', 'DEFERRED'])), name='account_mode_is_known'),
        ),
    ]
