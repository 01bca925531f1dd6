"""The documentation keeps up with the code."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = Path(settings.BASE_DIR)
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def test_generated_parts_are_what_the_code_gives() -> None:
    call_command("docs_generate", check=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))

    missing = [target for target in targets if not (page.parent / target).exists()]

    assert missing == []


def test_decisions_are_numbered_without_gaps_and_titled_by_their_number() -> None:
    numbers = [path.name[:4] for path in DECISIONS]

    assert numbers == [f"{number:04d}" for number in range(1, len(DECISIONS) + 1)]
    assert [path.read_text(encoding="utf-8")[2:6] for path in DECISIONS] == numbers
