from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("core", "0008_act_rules")]

    operations = [AppendOnly("core_actrule")]
