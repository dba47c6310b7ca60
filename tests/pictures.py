"""Pictures for tests, drawn here."""

import io

from PIL import Image


def picture(colour: str = "teal", size: tuple[int, int] = (64, 32), kind: str = "PNG") -> bytes:
    """One of a single colour."""
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, kind)
    return written.getvalue()
