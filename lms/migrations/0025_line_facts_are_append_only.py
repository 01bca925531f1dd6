from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0024_credit_lines")]

    operations = [AppendOnly("lms_linefact")]
