from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0012_classification_parameters")]

    operations = [AppendOnly("lms_classificationparameters")]
