from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0020_legs_of_earlier_journals")]

    operations = [
        migrations.RemoveConstraint(model_name="productaccount", name="product_account_role_is_known"),
    ]
