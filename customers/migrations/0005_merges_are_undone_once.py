from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_changes_are_append_only")]

    operations = [AppendOnly("customers_customermerge", set_once=("undone_on", "undo_reason", "undone_by_id"))]
