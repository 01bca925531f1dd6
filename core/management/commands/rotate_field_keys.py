"""Encrypt personal data again with the key that is in use now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import KistError
from core.key_rotation import field_keys_rotate


class Command(BaseCommand):
    """Bring every encrypted column under FIELD_ENCRYPTION_KEY."""

    help = "After FIELD_ENCRYPTION_KEY was changed: encrypt again what FIELD_ENCRYPTION_PREVIOUS_KEYS still opens."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate and say how many values each column had left."""
        try:
            counts = field_keys_rotate()
        except KistError as error:
            raise CommandError(error.message) from error
        for column, count in counts.items():
            self.stdout.write(f"{column}: {count} encrypted again")
