"""XML that strangers wrote, read so that nothing in it is followed, fetched or unfolded."""

from typing import Any, Final

from parlour.foundation.library import library

LONGEST: Final = 256 * 1024
SPACES: Final = {
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
    "xenc11": "http://www.w3.org/2009/xmlenc11#",
}


class NotRead(Exception):
    """It is no XML that may be read. `words` say why, for an administrator."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def read(document: bytes) -> Any:
    """The root element. Raises `NotRead`, for any document type too."""
    if len(document) > LONGEST:
        raise NotRead("The document is too long.")
    # Looked for before parsing: an entity that is never declared can't be unfolded.
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise NotRead("The document brings a document type, which SAML never needs.")
    etree = library("lxml.etree")
    # The encoding is ours: one that the document names could hide what was looked for.
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as broken:
        raise NotRead("The document is not well-formed XML.") from broken
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotRead("The document brings a document type, which SAML never needs.")
    return root


def refuse_asides(root: Any) -> None:
    """Raises `NotRead` where a comment or an instruction could cut a name in two."""
    if any(not isinstance(each.tag, str) for each in root.iter()):
        raise NotRead("The answer has comments or instructions in it.")


def found(element: Any, path: str) -> list[Any]:
    """By the prefixes of `SPACES`."""
    every: list[Any] = element.findall(path, SPACES)
    return every


def name(prefix: str, local: str) -> str:
    return f"{{{SPACES[prefix]}}}{local}"


def text(element: Any) -> str:
    """All of it, evened out at both ends; empty where other elements stand in it."""
    return "" if len(element) else (element.text or "").strip()
