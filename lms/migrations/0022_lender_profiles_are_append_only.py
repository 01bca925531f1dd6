from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0021_documents_are_append_only")]

    operations = [AppendOnly("lms_lenderprofile")]
