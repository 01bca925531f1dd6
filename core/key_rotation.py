"""Bring encrypted columns under the key that is in use now, so that an old key can be thrown away."""

from collections.abc import Iterator

from django.apps import apps
from django.db import models, transaction
from django.db.models.functions import Cast, Substr

from core.fields import EncryptedBytesField, EncryptedTextField, is_current_key

_BATCH = 500


def field_keys_rotate() -> dict[str, int]:
    """Encrypt every value of a previous key again with the present one.

    Works in transactions of a few hundred rows; when it is stopped, the next run goes on with what is left.

    Returns:
        How many values were encrypted again, by `table.column`.

    Raises:
        FieldKeyMissing, FieldValueDamaged: a value cannot be read; earlier batches stay done.
    """
    return {f"{model._meta.db_table}.{name}": sum(_rotate_batches(model, name)) for model, name in _encrypted_columns()}


def _encrypted_columns() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedTextField | EncryptedBytesField):
                yield model, field.attname


def _stored(model: type[models.Model], name: str) -> models.Func:
    """Return what shows what is stored, of bytes the name of the key; the column itself arrives decrypted."""
    if isinstance(model._meta.get_field(name), EncryptedBytesField):
        return Substr(name, 1, 4, output_field=models.BinaryField())
    return Cast(name, models.TextField())


def _rotate_batches(model: type[models.Model], name: str) -> Iterator[int]:
    last = 0
    while True:
        with transaction.atomic():
            rows = (
                model._default_manager.select_for_update()
                .filter(pk__gt=last)
                .order_by("pk")
                .annotate(stored=_stored(model, name))
                .values_list("pk", "stored")[:_BATCH]
            )
            found = list(rows)
            old = [key for key, stored in found if not is_current_key(stored or "")]
            for key, value in model._default_manager.filter(pk__in=old).values_list("pk", name):
                model._default_manager.filter(pk=key).update(**{name: value})
        yield len(old)
        if len(found) < _BATCH:
            return
        last = found[-1][0]
