from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0013_checks'),
    ]

    operations = [
        migrations.CreateModel(
            name='Period',
            fields=[
                ('id', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('OPEN', 'Open'), ('SOFT_CLOSED', 'Soft closed'), ('HARD_CLOSED', 'Hard closed')], default='OPEN', max_length=11)),
                ('version', models.PositiveIntegerField(default=0)),
                ('changed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('close_period', 'Can close a month'), ('request_period_reopen', 'Can ask to re-open a month'), ('approve_period_reopen', 'Can let a month be re-opened'), ('post_in_soft_closed_period', 'Can post manual journals in a soft-closed month'), ('request_manual_journal', 'Can ask for a manual journal'), ('approve_manual_journal', 'Can approve a manual journal'), ('export_books', 'Can download the books')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['OPEN', 'SOFT_CLOSED', 'HARD_CLOSED'])), name='period_state_is_known')],
            },
        ),
    ]
