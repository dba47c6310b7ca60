"""Every knob is explained to the person who turns it."""

import re

from parlour.foundation.settings import Settings
from tests.laws.source import ROOT


def test_the_operating_page_explains_every_setting_and_no_other() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    table = page.split("## Settings")[1].split("\n## ")[0]
    named = [cell for cell in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) if cell.startswith("`")]
    assert sorted(re.findall(r"`([a-z_]+)`", " ".join(named))) == sorted(Settings.model_fields)
