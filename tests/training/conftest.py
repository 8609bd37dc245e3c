"""The tiny training, importable by its name here and in processes of its own."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "toys"))
