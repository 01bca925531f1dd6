from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0010_request_by_state")]

    operations = [
        migrations.AddIndex(
            model_name="sagastep",
            index=models.Index(fields=["queue", "state", "run_at"], name="saga_step_runs"),
        ),
    ]
