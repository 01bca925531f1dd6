from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("core", "0005_machinery")]

    operations = [AppendOnly("core_sagaevent")]
