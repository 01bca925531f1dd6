import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0012_seal_tips'),
    ]

    operations = [
        migrations.CreateModel(
            name='LedgerCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('is_incremental', models.BooleanField()),
                ('is_held', models.BooleanField()),
                ('seconds', models.DecimalField(decimal_places=3, max_digits=10)),
                ('results', models.JSONField()),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('run_ledgercheck', 'Can check the ledger')],
                'constraints': [],
            },
        ),
    ]
