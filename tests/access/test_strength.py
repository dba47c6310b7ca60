"""How a password is judged: by how it would be guessed, and in words that say what would be better."""

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from parlour.access import WeakPassword
from parlour.access.passwords import strength

KNOWN = ("zoe.winter@northwind.test", "Zoe Winter", "Northwind & Sons")
BETTER = "Three or four words that have nothing to do with each other make a good one."

SHORT = "Use at least ten characters."
SAME = "That is the same few characters again and again."
OWN = "Your name, your address and the name of this place are what is tried first."
USED = "That is, or is nearly, one of the passwords that many people use."
WORD = "A single word or name is soon found, also with digits at its end or in its middle."
KEYS = "Keys that lie next to each other are soon found."
AGAIN = "The same again and again is soon found."
ORDER = "Letters or digits in their usual order are soon found."
DATE = "Dates are soon found."


async def refusal(password: str) -> str | None:
    try:
        await strength.check(password, *KNOWN)
    except WeakPassword as weak:
        said = str((weak.details or {})["password"])
        assert said.endswith(BETTER)
        return said.removesuffix(BETTER).strip()
    return None


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", SHORT),
        ("kx9#Lm2$v", SHORT),
        ("aaaaaaaaaaaaaaaa", SAME),
        ("abababababab", SAME),
        ("Zoe Winter 1", OWN),
        ("zoe.winter@northwind.test", OWN),
        ("northwind-2", OWN),
        ("Parlour Zoe!", OWN),
        ("winterwinter99", OWN),
        ("password123!", USED),
        ("Tr0ub4dour&3", WORD),
        ("christopher", WORD),
        ("asdfghjkl;'", KEYS),
        ("zaq1zaq1zaq1", AGAIN),
        ("letmein letmein", AGAIN),
        ("abcdefghijkl", ORDER),
        ("1 2 3 4 5 6 7 8 9 0", USED),
        ("q w e r t y u i o p", USED),
        ("12.05.1987ab", DATE),
    ],
)
async def test_what_would_be_guessed_is_refused_and_why(password: str, reason: str) -> None:
    assert await refusal(password) == reason


@pytest.mark.parametrize(
    "password",
    [
        "plum harbour quiet lantern",
        "kx9#Lm2$vQ7p",
        "x7Gq-92fK-wm4Z",
        "日本語のパスワードです",
        "winter plum harbour lantern",
        "a" + "plum harbour quiet lantern " * 30,
    ],
)
async def test_what_nobody_would_guess_is_good(password: str) -> None:
    assert await refusal(password) is None


async def test_none_of_those_that_everybody_uses_is_good_however_it_is_spread_out() -> None:
    used = [each for each in FREQUENCY_LISTS["passwords"] if len(each) >= strength.MINIMUM_LENGTH]
    assert len(used) > 1000
    some = used[::20]
    passed = [each for each in some if await refusal(each) is None]
    passed += [spread for each in some if await refusal(spread := " ".join(each)) is None]
    passed += [ended for each in some if await refusal(ended := f"{each}1!") is None]
    assert passed == []
