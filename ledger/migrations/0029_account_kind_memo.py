from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0028_kinds_of_account_loosened")]

    operations = [
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.CharField(choices=[('ASSET', 'Asset'), ('LIABILITY', 'Liability'), ('EQUITY', 'Equity'), ('INCOME', 'Income'), ('EXPENSE', 'Expense'), ('MEMO', 'Memo')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['ASSET', 'LIABILITY', 'EQUITY', 'INCOME', 'EXPENSE', 'MEMO'])), name='account_kind_is_known'),
        ),
    ]
