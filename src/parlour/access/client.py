"""The browser or program at the door, as far as it tells."""

import hashlib
import re
from typing import Final

import msgspec

_LONGEST_AGENT: Final = 300

# The order decides: nearly all of them also say that they are Chrome and Safari.
_BROWSERS: Final = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"\bOPR/|\bOpera\b")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\bFirefox/|\bFxiOS/")),
    ("Chrome", re.compile(r"\bChrome/|\bCriOS/|\bChromium/|\bHeadlessChrome/")),
    ("Safari", re.compile(r"\bSafari/")),
)
_SYSTEMS: Final = (
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("Mac", re.compile(r"\bMacintosh\b|\bMac OS X\b")),
    ("Linux", re.compile(r"\bLinux\b|\bX11\b")),
)


class Client(msgspec.Struct, frozen=True):
    """Where a request comes from. `devices` are the signed marks of browsers that were to be remembered."""

    address: str
    agent: str = ""
    devices: tuple[str, ...] = ()
    secret: str = ""
    """What only this client can have sent: the value of a cookie nobody else was given."""

    @property
    def name(self) -> str:
        """`Firefox on Linux`: enough to know one's own devices by."""
        return name_of(self.agent)

    @property
    def mark(self) -> str:
        """By which a challenge knows the client it was given to: its secret, or else where and what it is."""
        who = self.secret or self.address
        return hashlib.sha256(f"{who}\n{self.agent}".encode()).hexdigest()


def name_of(agent: str) -> str:
    """Of a `User-Agent` (RFC 9110, 10.1.5). A few words, where a library would load a thousand patterns."""
    browser = next((name for name, pattern in _BROWSERS if pattern.search(agent)), "")
    system = next((name for name, pattern in _SYSTEMS if pattern.search(agent)), "")
    if browser:
        return f"{browser} on {system}" if system else browser
    program = re.match(r"[A-Za-z][\w.-]{0,39}", agent)
    return program[0] if program else "An unknown browser"


def short(agent: str) -> str:
    """What is kept of a `User-Agent`."""
    return "".join(letter for letter in agent if letter.isprintable())[:_LONGEST_AGENT]
