"""Rules for acts belong to every app now: what was published is copied, with its day and its publisher."""

from typing import Any

from django.db import migrations

_COLUMNS = (
    "act",
    "effective_from",
    "is_always",
    "above_paise",
    "backdated_over_days",
    "reason",
    "published_by_id",
    "published_at",
)


def copy(apps: Any, schema_editor: Any) -> None:
    old, new = apps.get_model("lms", "ActRule"), apps.get_model("core", "ActRule")
    # `auto_now_add` would replace the instant of publication.
    published_at = new._meta.get_field("published_at")
    published_at.auto_now_add = False
    new.objects.bulk_create(new(**values) for values in old.objects.order_by("pk").values(*_COLUMNS))
    requests = apps.get_model("core", "ApprovalRequest").objects.filter(kind="lms.act_rule")
    requests.update(kind="core.act_rule", subject_type="core.actrule")


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0009_act_rules_are_append_only"),
        ("lms", "0031_class_corrections_are_append_only"),
    ]

    operations = [migrations.RunPython(copy, migrations.RunPython.noop, elidable=True)]
