"""Encrypt what messages say; the column stays as it is."""

from typing import Any

from django.db import migrations

from core.errors import KistError
from core.fields import bytes_open, bytes_seal

_PLACE = "core_inboxmessage.raw"
_BATCH = 100


def encrypt(apps: Any, schema_editor: Any) -> None:
    messages = apps.get_model("core", "InboxMessage").objects
    last = 0
    while rows := list(messages.filter(pk__gt=last).order_by("pk").values_list("pk", "raw")[:_BATCH]):
        for key, stored in rows:
            # A migration that was stopped half-way finds some that are encrypted.
            if stored and not _is_sealed(bytes(stored)):
                messages.filter(pk=key).update(raw=bytes_seal(data=bytes(stored), place=_PLACE))
        last = rows[-1][0]


def decrypt(apps: Any, schema_editor: Any) -> None:
    messages = apps.get_model("core", "InboxMessage").objects
    last = 0
    while rows := list(messages.filter(pk__gt=last).order_by("pk").values_list("pk", "raw")[:_BATCH]):
        for key, stored in rows:
            if stored and _is_sealed(bytes(stored)):
                messages.filter(pk=key).update(raw=bytes_open(stored=bytes(stored), place=_PLACE))
        last = rows[-1][0]


def _is_sealed(stored: bytes) -> bool:
    try:
        bytes_open(stored=stored, place=_PLACE)
    except KistError:
        return False
    return True


class Migration(migrations.Migration):
    dependencies = [("core", "0013_message_filed_by")]

    operations = [migrations.RunPython(encrypt, decrypt)]
