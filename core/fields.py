"""Model fields for money, for instants of recording, and for personal data that must not lie there in clear."""

import hashlib
import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, models
from django.utils import timezone

from core.errors import KistError

# What is assigned to a field and what is read from it, for the type checker.
SetType_contra = TypeVar("SetType_contra", contravariant=True)
GetType_co = TypeVar("GetType_co", covariant=True)

if TYPE_CHECKING:
    _BigIntegerField = models.BigIntegerField
    _BinaryField = models.BinaryField
    _DateTimeField = models.DateTimeField
    _TextField = models.TextField
else:
    # Django's fields take type arguments in the eyes of the type checker only.
    class _Subscriptable:
        def __class_getitem__(cls, arguments: object) -> type:
            return cls

    class _BigIntegerField(_Subscriptable, models.BigIntegerField):
        pass

    class _BinaryField(_Subscriptable, models.BinaryField):
        pass

    class _DateTimeField(_Subscriptable, models.DateTimeField):
        pass

    class _TextField(_Subscriptable, models.TextField):
        pass


_KEY_ID_BYTES = 4
_NONCE_BYTES = 12


class FieldKeyMissing(KistError):
    """A stored value was encrypted with a key that this installation does not have."""

    code = "core.field_key_missing"
    http_status = 500
    template = "A value in {column} was encrypted with another key. Add that key to FIELD_ENCRYPTION_PREVIOUS_KEYS."


class FieldValueDamaged(KistError):
    """A stored value is not what was encrypted for this column."""

    code = "core.field_value_damaged"
    http_status = 500
    template = "A value in {column} was changed or moved outside Kist. Restore the row from a backup."


class PaiseField(_BigIntegerField[SetType_contra, GetType_co]):
    """Integer paise; refuses floats, decimals and truth values instead of rounding them."""

    description = "Amount in paise"

    def get_prep_value(self, value: Any) -> Any:
        """Refuse what would have to be rounded on its way to the database."""
        if isinstance(value, bool | float | Decimal | str):
            raise TypeError(f"{self.name} takes integer paise, not {type(value).__name__}.")
        return super().get_prep_value(value)


class RecordedAtField(_DateTimeField[SetType_contra, GetType_co]):
    """The instant by the database's clock at which a row is inserted: all processes' rows stand in one order by it.

    Whatever the row has there is left out. A row that was inserted reads the instant from the database when it is
    first asked for. Migrations see a plain column: nothing of it differs.
    """

    description = "Instant of recording"

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Describe the column for migrations."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.DateTimeField", arguments, options

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Leave the instant of a new row to the database; a SQLite file has no clock of its own."""
        if not add:
            return getattr(model_instance, self.attname)
        if connection.vendor != "mysql":
            now = timezone.now()
            setattr(model_instance, self.attname, now)
            return now
        self.forget(model_instance)
        return models.Func(function="UTC_TIMESTAMP", template="%(function)s(6)", output_field=models.DateTimeField())

    def forget(self, row: models.Model) -> None:
        """Let the row ask the database when the instant is wanted."""
        row.__dict__.pop(self.attname, None)


class EncryptedTextField(_TextField[SetType_contra, GetType_co]):
    """Text that is encrypted with AES-GCM in the database and plain in memory.

    The table and column are bound to the value: a ciphertext that is copied elsewhere does not open. The stored form
    names its key, so a new key may be put into use while values of previous ones are still read. Nothing but NULL can
    be looked for; exact search goes through a column of `blind_index` values.
    """

    description = "Encrypted text"

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt a value on its way to the database; empty stays empty."""
        text = super().get_prep_value(value)
        return text_seal(text=text, place=self._place) if text else text

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        """Decrypt a value that comes from the database."""
        return text_open(stored=value, place=self._place) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Allow the look-up of NULL alone: equal values have different ciphertexts."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    @property
    def _place(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"


class EncryptedBytesField(_BinaryField[SetType_contra, GetType_co]):
    """Bytes that are encrypted in the database and plain in memory, as `EncryptedTextField` does it with text.

    Migrations see a plain column of bytes: nothing of it differs.
    """

    description = "Encrypted bytes"

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Describe the column for migrations."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.BinaryField", arguments, options

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Encrypt a value on its way to the database; empty stays empty."""
        sealed = bytes_seal(data=bytes(value), place=self._place) if value else value
        return super().get_db_prep_value(sealed, connection, prepared)

    def from_db_value(self, value: bytes | None, expression: object, connection: object) -> bytes | None:
        """Decrypt a value that comes from the database."""
        return bytes_open(stored=bytes(value), place=self._place) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Allow the look-up of NULL alone: equal values have different ciphertexts."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    @property
    def _place(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"


def blind_index(value: str, *, purpose: str) -> str:
    """Return a keyed fingerprint by which an encrypted value can be found exactly.

    Args:
        value: the plain value; case and outer spaces do not matter.
        purpose: separates columns, so that equal values in two of them do not show as equal.

    Returns:
        64 hexadecimal digits (HMAC-SHA256 with BLIND_INDEX_KEY).
    """
    return keyed_hash(value.strip().upper(), purpose=purpose)


def keyed_hash(text: str, *, purpose: str) -> str:
    """Return a fingerprint that nobody can try values against who has the database but not its key.

    A plain one of a PAN or an account number is found out in minutes: there are too few of them.

    Args:
        text: the plain text, every letter and space of it.
        purpose: separates columns, so that equal texts in two of them do not show as equal.

    Returns:
        64 hexadecimal digits (HMAC-SHA256 with BLIND_INDEX_KEY).
    """
    message = f"{purpose}\0{text}".encode()
    return hmac.new(bytes.fromhex(settings.BLIND_INDEX_KEY), message, hashlib.sha256).hexdigest()


def is_current_key(stored: str | bytes) -> bool:
    """Whether a stored value, of bytes at least the first four, is of the key in use now; empty counts as such."""
    if not stored:
        return True
    try:
        sealed = b64decode(stored, validate=True) if isinstance(stored, str) else stored
    except ValueError:
        return False
    return hmac.compare_digest(sealed[:_KEY_ID_BYTES], _cipher(settings.FIELD_ENCRYPTION_KEY)[0])


def text_seal(*, text: str, place: str) -> str:
    """Encrypt a text for the one place that it may be read at; the result differs each time."""
    return b64encode(bytes_seal(data=text.encode(), place=place)).decode()


def text_open(*, stored: str, place: str) -> str:
    """Decrypt what `text_seal` made for a place.

    Raises:
        FieldKeyMissing: it was encrypted with a key that is not here.
        FieldValueDamaged: it is not what was encrypted for this place.
    """
    try:
        return bytes_open(stored=b64decode(stored, validate=True), place=place).decode()
    except ValueError as error:
        raise FieldValueDamaged(column=place) from error


def bytes_seal(*, data: bytes, place: str) -> bytes:
    """Encrypt bytes for the one place that they may be read at; the result is 32 bytes longer and always another."""
    key_id, cipher = _cipher(settings.FIELD_ENCRYPTION_KEY)
    nonce = os.urandom(_NONCE_BYTES)
    return key_id + nonce + cipher.encrypt(nonce, data, place.encode())


def bytes_open(*, stored: bytes, place: str) -> bytes:
    """Decrypt what `bytes_seal` made for a place.

    Raises:
        FieldKeyMissing: it was encrypted with a key that is not here.
        FieldValueDamaged: it is not what was encrypted for this place.
    """
    key_id, nonce_end = stored[:_KEY_ID_BYTES], _KEY_ID_BYTES + _NONCE_BYTES
    for configured in (settings.FIELD_ENCRYPTION_KEY, *settings.FIELD_ENCRYPTION_PREVIOUS_KEYS):
        own_id, cipher = _cipher(configured)
        if hmac.compare_digest(own_id, key_id):
            break
    else:
        raise FieldKeyMissing(column=place)
    try:
        return cipher.decrypt(stored[_KEY_ID_BYTES:nonce_end], stored[nonce_end:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise FieldValueDamaged(column=place) from error


@lru_cache(maxsize=16)
def _cipher(hexadecimal: str) -> tuple[bytes, AESGCM]:
    """Return how values name a configured key, and its cipher; the key has 64 hexadecimal digits (AES-256)."""
    key = bytes.fromhex(hexadecimal)
    if len(key) != 32:
        raise ValueError("A field encryption key has 64 hexadecimal digits.")
    return hashlib.sha256(b"kist field key\0" + key).digest()[:_KEY_ID_BYTES], AESGCM(key)
