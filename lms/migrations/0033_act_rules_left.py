from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lms", "0032_act_rules_to_core")]

    operations = [migrations.DeleteModel(name="ActRule")]
