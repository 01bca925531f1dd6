from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lms", "0041_loan_by_disbursal")]

    operations = [
        migrations.AddIndex(
            model_name="loan",
            index=models.Index(fields=["asset_class", "days_past_due"], name="loan_class_by_days"),
        ),
    ]
