"""What a browser must fetch before a page works."""

import gzip
import json

import pytest

from tests.laws.source import PACKAGE

STATIC = PACKAGE / "static"
MOST_BYTES = 60_000


@pytest.mark.skipif(not (STATIC / "manifest.json").exists(), reason="the browser's side is not built here")
@pytest.mark.parametrize("entry", ["dashboard.js", "public.js"])
def test_the_first_load_of_javascript_stays_under_sixty_kilobytes(entry: str) -> None:
    manifest = json.loads((STATIC / "manifest.json").read_text())
    files = [manifest["files"][entry], *manifest["preload"][entry]]
    assert sum(len(gzip.compress((STATIC / file).read_bytes(), 9)) for file in files) < MOST_BYTES
