from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0020_documents")]

    operations = [AppendOnly("lms_document", set_once=["pdf_sha256", "withdrawn_at", "withdrawn_reason"])]
