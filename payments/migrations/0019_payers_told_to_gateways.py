from django.db import migrations, models

import core.fields


class Migration(migrations.Migration):
    dependencies = [("payments", "0018_looks_of_routes")]

    operations = [
        migrations.AddField(
            model_name="allowedpayer",
            name="account_number",
            field=core.fields.EncryptedTextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="allowedpayer",
            name="vendor_reference",
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
