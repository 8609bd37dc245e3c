"""The page in HTML opened in a headless browser: it draws, sorts, and nothing in it fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from segablate.report.write import write

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = os.environ.get("SEGABLATE_BROWSER") or next(filter(None, map(shutil.which, NAMES)), "")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--virtual-time-budget=2000"),
)
pytestmark = [
    pytest.mark.skipif(not BROWSER, reason="there is no Chromium, and $SEGABLATE_BROWSER names none"),
    pytest.mark.slow,
]
# sorts the results by their first number, then tells what became of them in the page's title
PROBE = """<script>
addEventListener("load", () => {
  const all = (what) => [...document.querySelectorAll(what)], table = document.querySelector("table");
  table.tHead.rows[0].cells[1].querySelector("button").click();
  const cells = [...table.tBodies[0].rows].map((row) => row.cells[1].dataset.by);
  document.body.dataset.found = JSON.stringify({
    values: cells.filter(Boolean).map(Number),
    wide: document.documentElement.scrollWidth > innerWidth + 1,
    svgs: all("figure svg").every((svg) => svg.getBoundingClientRect().height > 100),
    tips: all("td[title]").length,
    titles: all("svg title").length,
  });
});
</script></body>"""


def opened(folder: Path, size: str, profile: Path) -> dict:
    import html
    import json

    probed = folder / "probed.html"
    probed.write_text((folder / "report.html").read_text().replace("</body>", PROBE))
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", f"--window-size={size}", "--dump-dom"]
    ran = subprocess.run([*command, probed.as_uri()], capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r'data-found="([^"]*)"', ran.stdout)
    assert found, ran.stderr[-1000:]
    return dict(json.loads(html.unescape(found[1])))


@pytest.mark.parametrize("size", ["1280,1000", "500,900"])
def test_the_page_draws_and_sorts_wide_and_narrow(fake, report, tmp_path, size):
    write(fake.FACTS, report, ["html"])
    found = opened(report, size, tmp_path / "profile")
    assert len(found["values"]) == 5
    assert found["values"] == sorted(found["values"], reverse=True)
    assert found["svgs"]
    assert found["tips"] > 50
    assert found["titles"] > 5
    assert not found["wide"], "the page itself scrolls sideways"
