from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0027_gst_limits_are_append_only")]

    operations = [
        migrations.RemoveConstraint(
            model_name='account',
            name='account_kind_is_one_of_five',
        ),
    ]
