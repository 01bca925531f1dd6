from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0003_transfers_are_append_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='mode',
            field=models.CharField(choices=[('SYNC', 'With the posting'), ('DEFERRED', 'By the roller')], default='DEFERRED', max_length=8),
        ),
    ]
