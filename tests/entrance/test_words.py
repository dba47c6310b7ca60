"""How values are written."""

from datetime import UTC, datetime, timedelta

import pytest

from parlour.entrance import words
from parlour.foundation import clock
from parlour.tickets import Status

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "written"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=23), "23 h"),
        (timedelta(days=6), "6 d"),
        (timedelta(days=7), "16 Nov"),
        (timedelta(days=400), "19 Oct 2025"),
    ],
)
def test_times_get_coarser_with_age(ago: timedelta, written: str) -> None:
    with clock.frozen(NOON):
        assert words.relative(NOON - ago) == written


@pytest.mark.parametrize(
    ("octets", "written"), [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (25_000_000, "25 MB"), (2 * 10**9, "2.0 GB")]
)
def test_sizes_have_at_most_one_decimal(octets: int, written: str) -> None:
    assert words.filesize(octets) == written


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Mara Jensen", "MJ"),
        ("Prince", "P"),
        ("carol@customer.test", "CT"),
        ("佐藤 由紀", "佐"),
        ("Ünal", "Ü"),
        ("…", "?"),
    ],
)
def test_initials_fit_into_a_circle(name: str, letters: str) -> None:
    assert words.initials(name) == letters


def test_counts_agree_with_their_nouns() -> None:
    assert [words.plural(count, "ticket") for count in (0, 1, 1204)] == ["0 tickets", "1 ticket", "1,204 tickets"]


def test_a_status_is_written_in_words_and_in_class_names() -> None:
    assert (words.as_words(Status.IN_PROGRESS), words.dashed(Status.IN_PROGRESS)) == ("In progress", "in-progress")


def test_the_same_name_has_the_same_hue_whatever_its_case() -> None:
    assert words.hue("Mara") == words.hue("MARA")
    assert 0 <= words.hue("Mara") < words.HUES
