from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lms", "0022_lender_profiles_are_append_only")]

    operations = [
        migrations.AddField(
            model_name='product',
            name='is_line',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="loan",
            name="is_drawdown",
            field=models.BooleanField(default=False),
        ),
    ]
