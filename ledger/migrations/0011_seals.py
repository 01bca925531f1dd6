import django.utils.timezone
import ledger.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0010_holds'),
    ]

    operations = [
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('no', models.BigIntegerField(primary_key=True, serialize=False)),
                ('first_journal', models.BigIntegerField()),
                ('last_journal', models.BigIntegerField(unique=True)),
                ('journals', models.PositiveIntegerField()),
                ('total_paise', models.DecimalField(decimal_places=0, max_digits=30)),
                ('root', ledger.fields.HashField(max_length=32)),
                ('tips_hash', ledger.fields.HashField(max_length=32)),
                ('previous_hash', ledger.fields.HashField(max_length=32)),
                ('seal_hash', ledger.fields.HashField(max_length=32)),
                ('leaves', models.BinaryField()),
                ('sealed_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['-no'],
                'constraints': [models.CheckConstraint(condition=models.Q(('no__gt', 0)), name='seal_number_is_positive'), models.CheckConstraint(condition=models.Q(('journals__gt', 0)), name='seal_has_a_journal'), models.CheckConstraint(condition=models.Q(('first_journal__lte', models.F('last_journal'))), name='seal_range_is_ordered')],
            },
        ),
    ]
