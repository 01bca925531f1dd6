from django.db import migrations

from core.append_only import AppendOnly

TABLES = (
    "lms_provisionparameters",
    "lms_provisionrate",
    "lms_eclparameters",
    "lms_provisionsegment",
    "lms_provisionmark",
    "lms_provisionresult",
    "lms_provisionposting",
)


class Migration(migrations.Migration):
    dependencies = [("lms", "0018_provisions")]

    operations = [AppendOnly(table) for table in TABLES]
