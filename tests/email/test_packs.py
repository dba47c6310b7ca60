"""Words and files in the packs that some programs send: winmail.dat, and invitations."""

import struct
import time

from hypothesis import given
from hypothesis import strategies as st

from parlour.email.reading.calendars import in_words
from parlour.email.reading.parsing import parse
from parlour.email.reading.winmail import unpacked

INVITATION = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:Look at the grinder\\, together
DTSTART;TZID=Europe/Berlin:20261124T100000
DTEND:20261124T100000Z
LOCATION:Kitchen
ORGANIZER;CN=Carol:mailto:carol@customer.test
END:VEVENT
END:VCALENDAR
"""
WORDS = (
    "Invitation\nEvent: Look at the grinder, together\nBegins: 24 November 2026, 10:00 (Europe/Berlin)\n"
    "Ends: 24 November 2026, 10:00 UTC\nWhere: Kitchen\nOrganizer: carol@customer.test"
)


def attribute(level: int, name: int, kind: int, content: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, kind, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def winmail() -> bytes:
    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x800C, 2, b"The plan is inside.\0")
        + attribute(2, 0x9002, 6, b"\x01\0" + b"\0" * 12)
        + attribute(2, 0x8010, 1, b"plan.pdf\0")
        + attribute(2, 0x800F, 6, b"%PDF")
    )


def test_an_invitation_is_told_in_words() -> None:
    assert in_words(INVITATION) == WORDS
    read = parse(b"Content-Type: text/calendar; method=REQUEST\r\n\r\n" + INVITATION.encode())
    assert read.text == WORDS
    assert [file.name for file in read.attachments] == ["attachment-1.ics"]


def test_a_winmail_dat_is_unpacked() -> None:
    raw = b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n" + winmail()
    read = parse(raw)
    assert read.text == "The plan is inside."
    assert [(file.name, file.content_type, file.content) for file in read.attachments] == [
        ("plan.pdf", "application/pdf", b"%PDF")
    ]


def test_a_pack_that_is_broken_stays_a_file() -> None:
    read = parse(b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n" + winmail()[:3])
    assert [file.name for file in read.attachments] == ["winmail.dat"]


def test_a_pack_that_lies_about_its_size_ends_within_a_bound() -> None:
    begun = time.process_time()
    unpacked(winmail() + attribute(1, 0x9003, 6, b"\xff" * 100) + attribute(1, 0, 0, b"") * 1_000_000)
    assert time.process_time() - begun < 2


@given(st.binary(max_size=400))
def test_no_bytes_trip_the_unpacking(content: bytes) -> None:
    unpacked(winmail()[:6] + content)
    in_words("BEGIN:VEVENT\n" + content.decode("latin-1"))
