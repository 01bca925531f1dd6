"""Files are stored in a folder of the test."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def files_of_the_test(settings: Any, tmp_path: Path) -> None:
    """Keep stored files out of the project."""
    settings.MEDIA_ROOT = tmp_path
