from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_changes_and_merges")]

    # The values are written again when the keys of encrypted columns change.
    operations = [AppendOnly("customers_customerchange", mutable=("old_value", "new_value"))]
