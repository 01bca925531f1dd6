from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0034_dry_runs")]

    operations = [AppendOnly("lms_holiday")]
