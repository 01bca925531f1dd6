"""A credit line that nothing is drawn from has a provision of its own; the table's triggers are made anew."""

import django.db.models.deletion
from django.db import migrations, models

from core.append_only import AppendOnly

_RESULTS = "provisionresult"


class Migration(migrations.Migration):
    dependencies = [("lms", "0038_loan_instalment_index")]

    operations = [
        migrations.AlterField(
            model_name=_RESULTS,
            name="loan",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="provision_results",
                to="lms.loan",
            ),
        ),
        migrations.AddField(
            model_name=_RESULTS,
            name="line",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="provision_results",
                to="lms.creditline",
            ),
        ),
        migrations.AddConstraint(
            model_name=_RESULTS,
            constraint=models.UniqueConstraint(fields=("line", "run"), name="one_provision_per_line_and_run"),
        ),
        migrations.AddConstraint(
            model_name=_RESULTS,
            constraint=models.CheckConstraint(
                condition=models.Q(("line__isnull", True), ("loan__isnull", False))
                | models.Q(("line__isnull", False), ("loan__isnull", True)),
                name="provision_of_a_loan_or_a_line",
            ),
        ),
        # SQLite makes a table with a changed column anew, without its triggers; the others get the new column frozen.
        AppendOnly("lms_provisionresult"),
    ]
