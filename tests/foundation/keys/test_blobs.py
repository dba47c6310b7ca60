"""Blobs on the disk: nothing in the clear, read in part, and every change of them noticed."""

from collections.abc import Callable

import pytest

from parlour.foundation import ids
from parlour.foundation.errors import NotFound
from parlour.foundation.sealing import SealBroken
from parlour.foundation.segments import HEAD, SEALED_SEGMENT, SEGMENT
from parlour.foundation.storage import Blobs
from tests.builders import Company
from tests.foundation.keys.stage import blob_file, from_before, read

SIZES = [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 4 * SEGMENT, 4 * SEGMENT + 7, 9 * SEGMENT]


def content_of(size: int) -> bytes:
    return bytes(number % 251 for number in range(size))


def new_name(company: Company) -> str:
    return f"{company.organization_id}/attachments/{ids.new()}"


@pytest.mark.parametrize("size", SIZES)
async def test_a_blob_of_any_size_is_read_whole_and_in_part(acme: Company, size: int) -> None:
    name, content = new_name(acme), content_of(size)
    await acme.installation.blobs.put(name, content)
    assert blob_file(acme, name).stat().st_size == HEAD + size + 16 * max(1, -(-size // SEGMENT))
    assert await acme.installation.blobs.get(name) == content
    assert await read(acme, name, 0, size) == content
    edges = {0, 1, size // 2, size - 1, size, SEGMENT - 1, SEGMENT, SEGMENT + 1, 5 * SEGMENT}
    inside = sorted(edge for edge in edges if 0 <= edge <= size)
    for start in inside:
        for end in (edge for edge in inside if edge > start):
            assert await read(acme, name, start, end) == content[start:end], (start, end)


async def test_nothing_of_it_lies_in_the_clear(acme: Company) -> None:
    name = new_name(acme)
    await acme.installation.blobs.put(name, b"the numbat sleeps at noon" * 5000)
    assert b"numbat" not in blob_file(acme, name).read_bytes()


async def test_a_part_reads_only_the_segments_it_needs(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    name, content = new_name(acme), content_of(40 * SEGMENT)
    await acme.installation.blobs.put(name, content)
    asked: list[tuple[int, int]] = []
    read_stretch = Blobs._read

    async def listening(self: Blobs, key: str, start: int, end: int, mark: str | None) -> tuple[int, str, bytes]:
        asked.append((start, end))
        return await read_stretch(self, key, start, end, mark)

    monkeypatch.setattr(Blobs, "_read", listening)
    start = 30 * SEGMENT + 5
    assert await read(acme, name, start, start + 10) == content[start : start + 10]
    begins = HEAD + 30 * SEALED_SEGMENT
    assert asked == [(0, HEAD), (begins, begins + SEALED_SEGMENT)]


def segment(raw: bytes, number: int) -> bytes:
    return raw[HEAD + number * SEALED_SEGMENT : HEAD + (number + 1) * SEALED_SEGMENT]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a bit": lambda raw: raw[:-20] + bytes([raw[-20] ^ 1]) + raw[-19:],
    "cut within a segment": lambda raw: raw[:-5],
    "cut between segments": lambda raw: raw[: HEAD + 2 * SEALED_SEGMENT],
    "cut to its head": lambda raw: raw[:HEAD],
    "cut within its head": lambda raw: raw[: HEAD - 1],
    "swapped": lambda raw: raw[:HEAD] + segment(raw, 1) + segment(raw, 0) + raw[HEAD + 2 * SEALED_SEGMENT :],
    "doubled": lambda raw: raw[: HEAD + SEALED_SEGMENT] + raw[HEAD:],
    "one left out": lambda raw: raw[:HEAD] + raw[HEAD + SEALED_SEGMENT :],
    "more at its end": lambda raw: raw + bytes(SEALED_SEGMENT),
    "another salt": lambda raw: raw[:9] + bytes([raw[9] ^ 1]) + raw[10:],
    "another version": lambda raw: raw[:8] + b"\x02" + raw[9:],
    "in the clear": lambda raw: b"Dear Carol, please pay into this other account.",
    "nothing": lambda raw: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_blob_that_was_changed_is_not_given_out(acme: Company, damage: str) -> None:
    name, content = new_name(acme), content_of(3 * SEGMENT + 100)
    await acme.installation.blobs.put(name, content)
    file = blob_file(acme, name)
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    with pytest.raises(SealBroken):
        await acme.installation.blobs.get(name)
    with pytest.raises(SealBroken):
        await read(acme, name, 0, len(content))


async def test_a_blob_opens_under_its_own_name_only(acme: Company, globex: Company) -> None:
    mine, other, theirs = new_name(acme), new_name(acme), new_name(globex)
    await acme.installation.blobs.put(mine, b"the numbat sleeps")
    for name in (other, theirs):
        await acme.installation.blobs.put(name, b"something else")
        blob_file(acme, name).write_bytes(blob_file(acme, mine).read_bytes())
        with pytest.raises(SealBroken):
            await acme.installation.blobs.get(name)


@pytest.mark.parametrize("size", [0, 10, 5 * SEGMENT + 3])
async def test_a_blob_from_before_is_read_as_it_lies(acme: Company, size: int) -> None:
    await from_before(acme)
    name, content = new_name(acme), content_of(size)
    await acme.installation.blobs.put(name, b"makes the folder")
    blob_file(acme, name).write_bytes(content)
    assert await acme.installation.blobs.get(name) == content
    assert await read(acme, name, 0, size) == content
    assert await read(acme, name, size // 3, size // 2) == content[size // 3 : size // 2]


@pytest.mark.parametrize("was_clear", [True, False])
async def test_a_reader_stays_on_when_the_blob_gets_another_key_under_it(acme: Company, was_clear: bool) -> None:
    name, content = new_name(acme), content_of(20 * SEGMENT + 3)
    await acme.installation.blobs.put(name, content)
    if was_clear:
        await from_before(acme)
        blob_file(acme, name).write_bytes(content)
    pieces = await acme.installation.blobs.stream(name, 0, len(content))
    got = [await anext(pieces)]
    await acme.installation.keys.make(acme.organization_id, 2)
    await acme.installation.blobs.reseal(name)
    assert await acme.installation.blobs.key_version(name) == 2
    got += [piece async for piece in pieces]
    assert b"".join(got) == content


async def test_a_blob_that_is_shorter_than_promised_is_refused_before_the_answer_begins(acme: Company) -> None:
    name = new_name(acme)
    await acme.installation.blobs.put(name, content_of(1000))
    with pytest.raises(SealBroken):
        await acme.installation.blobs.stream(name, 0, 1001)


async def test_a_blob_that_is_not_there_is_not_found_before_the_answer_begins(acme: Company) -> None:
    with pytest.raises(NotFound):
        await acme.installation.blobs.stream(new_name(acme), 0, 10)
    assert await acme.installation.blobs.reseal(new_name(acme)) == 0
