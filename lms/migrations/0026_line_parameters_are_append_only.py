from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0025_line_facts_are_append_only")]

    operations = [AppendOnly("lms_lineparameters")]
