from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0002_facts_are_append_only")]

    operations = [AppendOnly("lms_loanaccrual")]
