"""Words of an organization's own, in several languages: signatures, templates, automatic mails."""

from parlour.email.wording.attributing import ATTRIBUTED, attribution
from parlour.email.wording.automatic import AUTOMATIC, automatic_words
from parlour.email.wording.built_in import BUILT_IN
from parlour.email.wording.keeping import (
    Draft,
    Kind,
    NotYourWords,
    Owner,
    Text,
    Wording,
    WordingTaken,
    add_wording,
    change_wording,
    checked_text,
    find_wording,
    may_write,
    remove_wording,
    wordings,
)
from parlour.email.wording.languages import (
    NAMES,
    checked_language,
    is_right_to_left,
    language_of_ticket,
    languages,
    name_of,
    set_languages,
)
from parlour.email.wording.offering import Offer, inserted, offers
from parlour.email.wording.placeholders import KNOWN, PORTAL_URL, fill, fill_html
from parlour.email.wording.previewing import Preview, own_signature, preview
from parlour.email.wording.signatures import Signature, signature_for
from parlour.email.wording.values import Scene, portal_url, scene_of

__all__ = [
    "ATTRIBUTED",
    "AUTOMATIC",
    "BUILT_IN",
    "KNOWN",
    "NAMES",
    "PORTAL_URL",
    "Draft",
    "Kind",
    "NotYourWords",
    "Offer",
    "Owner",
    "Preview",
    "Scene",
    "Signature",
    "Text",
    "Wording",
    "WordingTaken",
    "add_wording",
    "attribution",
    "automatic_words",
    "change_wording",
    "checked_language",
    "checked_text",
    "fill",
    "fill_html",
    "find_wording",
    "inserted",
    "is_right_to_left",
    "language_of_ticket",
    "languages",
    "may_write",
    "name_of",
    "offers",
    "own_signature",
    "portal_url",
    "preview",
    "remove_wording",
    "scene_of",
    "set_languages",
    "signature_for",
    "wordings",
]
