from django.db import migrations, models

import payments.models.vendor


class Migration(migrations.Migration):
    dependencies = [("payments", "0017_papers_and_compensation_are_append_only")]

    operations = [
        migrations.AddField(
            model_name="vendorroute",
            name="look_seconds",
            field=models.CharField(default=payments.models.vendor.look_seconds_standard, max_length=120),
        ),
        migrations.AddField(
            model_name="vendorroute",
            name="looks_in_two_hours",
            field=models.PositiveSmallIntegerField(default=3),
        ),
    ]
