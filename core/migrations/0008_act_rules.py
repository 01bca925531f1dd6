import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.fields


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("core", "0007_machinery_permissions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ActRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(max_length=40)),
                ("effective_from", models.DateField()),
                ("is_always", models.BooleanField(default=False)),
                ("above_paise", core.fields.PaiseField(null=True)),
                ("backdated_over_days", models.PositiveSmallIntegerField(null=True)),
                ("reason", models.CharField(max_length=200)),
                ("published_at", models.DateTimeField(auto_now_add=True)),
                (
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["act", "-effective_from"],
                "permissions": [("publish_actrules", "Can publish when an act needs a second person")],
                "constraints": [
                    models.UniqueConstraint(fields=("act", "effective_from"), name="act_rule_once_per_day"),
                    models.CheckConstraint(
                        condition=models.Q(("above_paise__isnull", True), ("above_paise__gte", 0), _connector="OR"),
                        name="act_rule_amount_from_zero",
                    ),
                ],
            },
        ),
    ]
