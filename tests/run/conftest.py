"""The fake measures and their studies."""

from __future__ import annotations

import sys
from pathlib import Path

# worker processes get this path too, and import the fakes by their name
sys.path.insert(0, str(Path(__file__).parent / "fakes"))

from fake_studies import fakes, planned, store, told  # noqa: F401  # the path comes first; fixtures
