"""Write down when acts need a second person, where nothing is written yet."""

from typing import Any

from django.core.management.base import BaseCommand

from core.acts.rule_changes import act_rules_seed


class Command(BaseCommand):
    """Create the first rules of acts."""

    help = "Create the rules of the first day for when an act needs a second person; may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the rows and say so."""
        act_rules_seed()
        self.stdout.write("Rules for acts are in place.")
