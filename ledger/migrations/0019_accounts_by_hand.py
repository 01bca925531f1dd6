from django.db import migrations

from ledger.chart import CHART


def allow_manual_journals(apps, schema_editor):
    """Open the accounts of the standard chart that no loan posts to; keep limits off: they come with a new account."""
    codes = [line.code for line in CHART if line.is_manual_allowed]
    apps.get_model("ledger", "Account").objects.filter(code__in=codes).update(is_manual_allowed=True)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0018_seal_tips_are_append_only")]

    operations = [migrations.RunPython(allow_manual_journals, migrations.RunPython.noop)]
