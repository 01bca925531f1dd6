import core.fields
import django.db.models.deletion
import ledger.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0011_seals'),
    ]

    operations = [
        migrations.CreateModel(
            name='SealTip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tips', to='ledger.seal')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account')),
                ('seq', models.BigIntegerField()),
                ('balance_paise', core.fields.PaiseField()),
                ('tip_hash', ledger.fields.HashField(max_length=32)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'seq'), name='seal_tip_is_unique')],
            },
        ),
    ]
