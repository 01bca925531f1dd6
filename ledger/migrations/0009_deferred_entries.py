import core.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0008_entries'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeferredEntry',
            fields=[
                ('pk', models.CompositePrimaryKey('account_id', 'journal_id', 'leg', blank=True, editable=False, primary_key=True, serialize=False)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='ledger.account')),
                ('journal', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='ledger.journal')),
                ('leg', models.PositiveSmallIntegerField()),
                ('delta_paise', core.fields.PaiseField()),
            ],
            options={
                'verbose_name_plural': 'deferred entries',
                'constraints': [models.CheckConstraint(condition=models.Q(('delta_paise', 0), _negated=True), name='deferred_entry_moves_something')],
            },
        ),
    ]
