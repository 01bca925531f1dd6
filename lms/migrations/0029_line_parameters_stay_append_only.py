from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0028_line_parameters_without_settlements")]

    operations = [AppendOnly("lms_lineparameters")]
