"""Why a file is dangerous to open, as far as its name and its bytes tell. Nothing is ever unpacked."""

import re
import struct
from collections.abc import Iterator
from typing import Final

import msgspec


def _endings(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_PROGRAMS: Final = _endings(
    "exe com scr pif bat cmd ps1 ps2 psm1 psd1 vb vbs vbe js jse mjs wsf wsh ws wsc sct hta msi msp mst cpl jar jnlp "
    "lnk reg dll sys drv ocx application appx msix gadget apk ipa app dmg pkg deb rpm run sh bash command csh ksh "
    "url scf website library-ms search-ms settingcontent-ms chm hlp inf ins isp job msc diagcab theme xll xla wll "
    "py pyc pyw rb pl php elf ade adp mde mda accde one onepkg"
)
_DISKS: Final = _endings("iso img vhd vhdx udf daa")
_PAGES: Final = _endings("html htm xhtml shtml xht mht mhtml svg svgz xsl")
_WITH_MACROS: Final = _endings("docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm sldm")
_HARMLESS_LOOKS: Final = _endings("pdf doc docx xls xlsx ppt pptx txt csv jpg jpeg png gif webp bmp mp3 mp4 mov zip")
_IMAGES: Final = _endings("jpg jpeg png gif webp bmp tif tiff heic ico")

# Characters that turn the direction of writing: `gpj.exe` is read as `exe.jpg`.
_TURNING: Final = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_HIDDEN_ENDING: Final = re.compile(r"\.([a-z0-9]{2,5})[\s._\u00a0-]*\.[a-z0-9-]{1,20}$")

_STARTS: Final = (
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"\xca\xfe\xba\xbe", "program"),
    (b"\xcf\xfa\xed\xfe", "program"),
    (b"\xce\xfa\xed\xfe", "program"),
    (b"#!", "program"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "program"),
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gz"),
)
_TYPES: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "webp": "image/webp",
    "avif": "image/avif",
    "pdf": "application/pdf",
}
_SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
_PICTURES: Final = {"png", "jpg", "gif", "bmp", "webp"}
_MARKUP: Final = re.compile(rb"\s*(<!doctype|<html|<script|<svg|<\?xml|<body|<iframe|<head)", re.IGNORECASE)
_SCRIPT_IN_PICTURE: Final = re.compile(rb"<script|<\?php|javascript:", re.IGNORECASE)
_PDF_PROGRAM: Final = re.compile(rb"/(JavaScript|JS|Launch|RichMedia)\b")
_RTF_OBJECT: Final = re.compile(rb"\\obj(data|ect|emb|ocx|autlink|update)|\\\*\\template", re.IGNORECASE)
_MOST_ENTRIES: Final = 2000
_BOMB_SIZE: Final = 1024 * 1024 * 1024
_BOMB_RATIO: Final = 200
_LOOKED_AT: Final = 4 * 1024 * 1024


class _Entry(msgspec.Struct, frozen=True):
    name: str
    packed: int
    size: int
    is_locked: bool


def danger_of(name: str, content: bytes) -> str | None:
    """A sentence for whoever is about to open it; None where nothing speaks against it."""
    kind, ending = kind_of(content), ending_of(name)
    return _by_name(name, ending) or _by_kind(kind, ending, content) or _by_content(kind, content)


def ending_of(name: str) -> str:
    """The last ending in lower case, as an operating system would take it."""
    bare = _TURNING.sub("", name).rstrip(" .\u00a0").lower()
    return bare.rpartition(".")[2].strip() if "." in bare else ""


def kind_of(content: bytes) -> str:
    """What the first bytes say it is; empty where they say nothing."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    kind = next((kind for start, kind in _STARTS if content.startswith(start)), "")
    return kind or ("page" if _MARKUP.match(content[:1000].lstrip(b"\xef\xbb\xbf")) else "")


def type_by_content(claimed: str, content: bytes) -> str:
    """The media type to go by: what the bytes say, where they say something; the claim, where it is no picture's.

    Only pictures are ever shown within a page, so that a claim to be one must be true.
    """
    kind = "avif" if content[4:12] in (b"ftypavif", b"ftypavis") else kind_of(content)
    found = _TYPES.get(kind)
    if found and (claimed.startswith("image/") or found.startswith("image/")):
        return found
    return "application/octet-stream" if claimed in _SHOWN else claimed


def without_turning(name: str) -> str:
    """The name with the characters that turn it around taken out."""
    return _TURNING.sub("", name)


def _by_name(name: str, ending: str) -> str | None:
    if _TURNING.search(name):
        return f"Its name is written so that its real ending, .{ending or 'none'}, is hidden."
    hidden = _HIDDEN_ENDING.search(name.lower().rstrip(" ."))
    if ending in _PROGRAMS or ending in _DISKS:
        if hidden and hidden[1] in _HARMLESS_LOOKS:
            return f"It pretends to be a .{hidden[1]}, but is a program (.{ending})."
        what = "a disk that opens like a folder" if ending in _DISKS else "a program"
        return f"It is {what} (.{ending}); opening it may run it."
    if ending in _WITH_MACROS:
        return f"It is a document with macros (.{ending}), which are programs."
    if ending in _PAGES:
        return f"It is a web page (.{ending}); it may hold a script or ask for a password."
    return None


def _by_kind(kind: str, ending: str, content: bytes) -> str | None:
    if kind == "program":
        return "It is a program, whatever its name says."
    if kind == "page" and (ending in _IMAGES or ending in _HARMLESS_LOOKS - {"txt", "csv"}):
        return f"Its name says .{ending}, but it is a web page."
    if ending in _IMAGES and kind and kind not in _PICTURES:
        return f"Its name says .{ending}, but it is something else."
    is_other = kind not in ("", "pdf") if ending == "pdf" else kind == "pdf" and ending in ("zip", "docx", "xlsx")
    return f"Its name says .{ending}, but it is something else." if is_other else None


def _by_content(kind: str, content: bytes) -> str | None:
    if kind in _PICTURES or kind == "pdf":
        return _two_in_one(kind, content)
    match kind:
        case "zip":
            return _archive(content)
        case "ole":
            macros = ("_VBA_PROJECT".encode("utf-16-le"), "Macros".encode("utf-16-le"), b"_VBA_PROJECT")
            return "It is a document with macros, which are programs." if any(m in content for m in macros) else None
        case "rtf":
            hit = _RTF_OBJECT.search(content[:_LOOKED_AT])
            return "It is a document with something else inside, which may be a program." if hit else None
    return None


def _two_in_one(kind: str, content: bytes) -> str | None:
    # An archive is read from its end, a picture from its beginning: one file can be both.
    if b"PK\x05\x06" in content[-66_000:] and b"PK\x01\x02" in content:
        return "It is two files in one: behind what it shows there is an archive."
    if kind == "pdf":
        return "It is a PDF that holds a program." if _PDF_PROGRAM.search(content[:_LOOKED_AT]) else None
    if b"%PDF-" in content[:1024]:
        return "It is two files in one: a picture and a PDF."
    if kind == "gif" and _SCRIPT_IN_PICTURE.search(content[:_LOOKED_AT]):
        return "It is a picture with a script inside."
    return "It is a picture with a script inside." if _SCRIPT_IN_PICTURE.search(content[:4096]) else None


def _archive(content: bytes) -> str | None:
    entries = list(_entries(content))
    if any(entry.name.lower().endswith("vbaproject.bin") for entry in entries):
        return "It is a document with macros, which are programs."
    size, packed = sum(entry.size for entry in entries), sum(entry.packed for entry in entries)
    if size > _BOMB_SIZE and size > _BOMB_RATIO * max(packed, 1):
        return f"It is an archive that unpacks to {size // (1024 * 1024):,} MB."
    program = next((entry.name for entry in entries if ending_of(entry.name) in _PROGRAMS | _DISKS), None)
    is_office = any(entry.name == "[Content_Types].xml" for entry in entries)
    if program and not is_office:
        return f"It is an archive with a program inside: {without_turning(program.rpartition('/')[2])[:80]}."
    locked = any(entry.is_locked for entry in entries)
    return "It is an archive with a password: no scanner can look into it." if locked else None


def _entries(content: bytes) -> Iterator[_Entry]:
    """What the archive's own list says is in it, as far as it can be read."""
    position = content.find(b"PK\x01\x02")
    for _ in range(_MOST_ENTRIES):
        if position < 0 or position + 46 > len(content) or content[position : position + 4] != b"PK\x01\x02":
            return
        flags, packed, size = struct.unpack_from("<H", content, position + 8)[0], *_sizes(content, position)
        name_length, extra_length, comment_length = struct.unpack_from("<HHH", content, position + 28)
        name = content[position + 46 : position + 46 + name_length].decode("utf-8", "replace")
        yield _Entry(name, packed, size, bool(flags & 1))
        position += 46 + name_length + extra_length + comment_length


def _sizes(content: bytes, position: int) -> tuple[int, int]:
    packed, size = struct.unpack_from("<II", content, position + 20)
    return packed, size
