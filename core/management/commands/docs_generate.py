"""Write, or check, the parts of the documentation that follow from the code."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.documents import er_diagram, error_table, task_table

START, END = "<!-- generated: {name} -->", "<!-- end of generated: {name} -->"
PARTS = {
    "er": ("architecture.md", er_diagram),
    "tasks": ("architecture.md", task_table),
    "errors": ("errors.md", error_table),
}


class Command(BaseCommand):
    """`manage.py docs_generate [--check]`."""

    help = "Writes the diagram of tables and the list of refusals into docs/; --check only compares."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --check."""
        parser.add_argument("--check", action="store_true", help="change nothing, fail where a page is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replace each generated part between its markers."""
        for name, (page, render) in PARTS.items():
            path = Path(settings.BASE_DIR) / "docs" / page
            old = path.read_text(encoding="utf-8")
            new = _replace(old, name=name, body=render())
            if options["check"] and new != old:
                raise CommandError(f"docs/{page} is out of date: run python manage.py docs_generate")
            if new != old:
                path.write_text(new, encoding="utf-8")
                self.stdout.write(f"docs/{page} written")


def _replace(text: str, *, name: str, body: str) -> str:
    """Put `body` between the markers of `name`."""
    start, end = START.format(name=name), END.format(name=name)
    head, _, rest = text.partition(start)
    _, found, tail = rest.partition(end)
    if not found:
        raise CommandError(f"the markers of {name} are missing from its page")
    return f"{head}{start}\n{body}\n{end}{tail}"
