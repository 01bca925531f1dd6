from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0014_act_rules")]

    operations = [AppendOnly("lms_actrule")]
