from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0036_bureau")]

    operations = [
        AppendOnly("lms_bureauparameters"),
        AppendOnly("lms_bureaumembership"),
        AppendOnly("lms_bureauaccounttype"),
        AppendOnly("lms_bureaurecord"),
        AppendOnly("lms_bureauproblem"),
    ]
