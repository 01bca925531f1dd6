from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0029_account_kind_memo")]

    operations = [
        migrations.RemoveConstraint(
            model_name='productaccount',
            name='product_account_role_is_known',
        ),
    ]
