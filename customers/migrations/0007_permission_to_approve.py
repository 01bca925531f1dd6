from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_moves")]

    operations = [
        migrations.AlterModelOptions(
            name="customer",
            options={
                "permissions": [
                    ("unmask_customer", "Can see personal data in clear"),
                    ("merge_customer", "Can merge two customers, and undo it"),
                    ("approve_customer", "Can approve what others ask to change about customers"),
                ]
            },
        ),
    ]
