"""The line above a quotation says when in the organization's zone, and is still known for what it is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from parlour.email.reading import quoting
from parlour.email.wording import attribution
from parlour.email.wording.attributing import ATTRIBUTED

AT = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "line"),
    [
        ("UTC", "On 23 November 2026 at 22:30 UTC, Carol wrote:"),
        ("Europe/Berlin", "On 23 November 2026 at 23:30 CET, Carol wrote:"),
        ("Asia/Tokyo", "On 24 November 2026 at 07:30 JST, Carol wrote:"),
        ("America/Sao_Paulo", "On 23 November 2026 at 19:30 -03, Carol wrote:"),
    ],
)
def test_it_is_said_in_the_zone(zone: str, line: str) -> None:
    assert attribution("Carol", AT.astimezone(ZoneInfo(zone)), "en") == line


@pytest.mark.parametrize("language", ATTRIBUTED)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo"])
def test_it_is_known_again_in_every_language_and_zone(zone: str, language: str) -> None:
    line = attribution("Carol", AT.astimezone(ZoneInfo(zone)), language)
    assert quoting.split(f"Thank you.\n\n{line}\nOld words\n").new.strip() == "Thank you."
