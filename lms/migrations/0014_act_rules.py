import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.fields


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("lms", "0013_classification_parameters_are_append_only"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="loan",
            options={
                "ordering": ["-pk"],
                "permissions": [
                    ("sanction_loan", "Can sanction a loan"),
                    ("disburse_loan", "Can disburse a loan"),
                    ("post_receipt", "Can post a receipt"),
                    ("reverse_fact", "Can reverse a fact"),
                    ("levy_charge", "Can levy a charge"),
                    ("grant_waiver", "Can grant a waiver"),
                    ("record_bounce", "Can record a bounce"),
                    ("prepay_loan", "Can post a part-prepayment"),
                    ("foreclose_loan", "Can foreclose a loan"),
                    ("refund_excess", "Can refund excess"),
                    ("write_off_loan", "Can write a loan off"),
                    ("post_recovery", "Can post money on a loan written off"),
                    ("settle_loan", "Can settle a loan for less than is owed"),
                    ("change_rate", "Can change the rate of a loan"),
                    ("reschedule_loan", "Can reschedule, suspend or pause a loan"),
                    ("approve_backdated", "Can approve back-dated acts and reversals"),
                    ("approve_concession", "Can approve waivers, settlements and write-offs"),
                    ("approve_new_terms", "Can approve new rates, dates and tenors"),
                    ("approve_money_back", "Can approve refunds and transfers of excess"),
                ],
            },
        ),
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
                    models.UniqueConstraint(fields=("act", "effective_from"), name="one_act_rule_per_day"),
                    models.CheckConstraint(
                        condition=models.Q(("above_paise__isnull", True), ("above_paise__gte", 0), _connector="OR"),
                        name="act_rule_amount_not_negative",
                    ),
                ],
            },
        ),
    ]
