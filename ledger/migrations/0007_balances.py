import core.fields
import django.db.models.deletion
import django.db.models.expressions
import ledger.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0006_account_is_manual_allowed'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountBalance',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='balance', serialize=False, to='ledger.account')),
                ('seq', models.BigIntegerField(default=0)),
                ('balance_paise', core.fields.PaiseField(default=0)),
                ('hold_debit_paise', core.fields.PaiseField(default=0)),
                ('hold_credit_paise', core.fields.PaiseField(default=0)),
                ('min_paise', core.fields.PaiseField(blank=True, null=True)),
                ('max_paise', core.fields.PaiseField(blank=True, null=True)),
                ('tip_hash', ledger.fields.HashField(default=b'\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00', max_length=32)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('seq__gte', 0)), name='balance_seq_is_not_negative'), models.CheckConstraint(condition=models.Q(('hold_credit_paise__gte', 0), ('hold_debit_paise__gte', 0)), name='balance_holds_are_not_negative'), models.CheckConstraint(condition=models.Q(('min_paise', None), ('balance_paise__gte', django.db.models.expressions.CombinedExpression(models.F('min_paise'), '+', models.F('hold_credit_paise'))), _connector='OR'), name='balance_is_above_its_minimum'), models.CheckConstraint(condition=models.Q(('max_paise', None), ('balance_paise__lte', django.db.models.expressions.CombinedExpression(models.F('max_paise'), '-', models.F('hold_debit_paise'))), _connector='OR'), name='balance_is_below_its_maximum')],
            },
        ),
    ]
