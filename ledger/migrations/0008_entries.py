import core.fields
import django.db.models.deletion
import ledger.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0007_balances'),
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('pk', models.CompositePrimaryKey('account_id', 'seq', blank=True, editable=False, primary_key=True, serialize=False)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account')),
                ('seq', models.BigIntegerField()),
                ('journal', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.journal')),
                ('leg', models.PositiveSmallIntegerField()),
                ('delta_paise', core.fields.PaiseField()),
                ('balance_after_paise', core.fields.PaiseField()),
                ('hash', ledger.fields.HashField(max_length=32)),
            ],
            options={
                'verbose_name_plural': 'entries',
                'ordering': ['account_id', 'seq'],
                'constraints': [models.UniqueConstraint(fields=('journal', 'leg', 'delta_paise'), name='entry_is_unique_by_side'), models.CheckConstraint(condition=models.Q(('delta_paise', 0), _negated=True), name='entry_moves_something'), models.CheckConstraint(condition=models.Q(('seq__gt', 0)), name='entry_seq_is_positive')],
            },
        ),
    ]
