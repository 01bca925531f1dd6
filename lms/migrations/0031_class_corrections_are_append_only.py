from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0030_class_corrections")]

    operations = [AppendOnly("lms_classificationcorrection")]
