from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0034_day_sums'),
    ]

    operations = [
        migrations.CreateModel(
            name='DaySumReach',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('last_journal', models.BigIntegerField(default=0)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='day_sum_reach_has_one_row')],
            },
        ),
    ]
