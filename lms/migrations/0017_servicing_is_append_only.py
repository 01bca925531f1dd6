from django.db import migrations

from core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lms", "0016_servicing")]

    # Each operation may run again, so a migration that was interrupted starts over.
    operations = [
        AppendOnly("lms_servicingparameters"),
        AppendOnly("lms_nilchargerule", set_once=("effective_to",)),
        AppendOnly("lms_benchmarkrate"),
        AppendOnly("lms_productbenchmark"),
        AppendOnly("lms_settlementpart"),
        AppendOnly(
            "lms_settlementplan", mutable=("state", "active_of_id", "ended_on", "settle_fact_id", "restructure_fact_id")
        ),
        AppendOnly("lms_freeze", set_once=("lifted_on", "lift_reason", "lifted_by_id")),
        AppendOnly("lms_storedquote", mutable=("closed_by_id",)),
    ]
