from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0001_initial")]

    operations = [AppendOnly("lms_loanfact", mutable=("credit_reference",))]
