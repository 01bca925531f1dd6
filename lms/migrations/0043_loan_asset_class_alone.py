from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lms", "0042_loan_class_by_days")]

    operations = [migrations.RemoveIndex(model_name="loan", name="loan_asset_class")]
