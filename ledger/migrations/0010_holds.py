import core.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0009_deferred_entries'),
    ]

    operations = [
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('idempotency_key', models.CharField(max_length=160, unique=True)),
                ('content_hash', models.CharField(max_length=64)),
                ('debit_account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account')),
                ('credit_account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account')),
                ('amount_paise', core.fields.PaiseField()),
                ('reference_type', models.CharField(max_length=40)),
                ('reference_id', models.BigIntegerField()),
                ('state', models.CharField(choices=[('ACTIVE', 'Active'), ('POSTED', 'Posted'), ('VOIDED', 'Voided'), ('EXPIRED', 'Expired')], default='ACTIVE', max_length=8)),
                ('placed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('journal', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.journal')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['state', 'expires_at'], name='hold_by_expiry')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_paise__gt', 0)), name='hold_amount_is_positive'), models.CheckConstraint(condition=models.Q(('amount_paise__lt', 1000000000000000000)), name='hold_amount_has_at_most_18_digits'), models.CheckConstraint(condition=models.Q(('debit_account', models.F('credit_account')), _negated=True), name='hold_is_between_two_accounts'), models.CheckConstraint(condition=models.Q(('state__in', ['ACTIVE', 'POSTED', 'VOIDED', 'EXPIRED'])), name='hold_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('journal__isnull', False), ('state', 'POSTED')), models.Q(models.Q(('state', 'POSTED'), _negated=True), ('journal', None)), _connector='OR'), name='posted_hold_has_its_journal')],
            },
        ),
    ]
