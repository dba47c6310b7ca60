"""Words of an organization's own, in several languages: signatures, templates, automatic mails."""

from parlour.email.wording.attributing import ATTRIBUTED, attribution
from parlour.email.wording.automatic import AUTOMATIC, automatic_text, automatic_words, built_in_text
from parlour.email.wording.built_in import BUILT_IN
from parlour.email.wording.checking import checked_text, unknown_to
from parlour.email.wording.keeping import (
    Draft,
    NotYourWords,
    Owner,
    Wording,
    WordingTaken,
    add_wording,
    change_wording,
    find_automatic,
    find_wording,
    may_write,
    remove_wording,
    wordings,
)
from parlour.email.wording.kinds import Kind, Text
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
from parlour.email.wording.placeholders import (
    INVITATION_MESSAGE,
    KNOWN,
    LINK_URL,
    PORTAL_URL,
    TOKEN_ENDS_ON,
    TOKEN_NAME,
    TOKEN_OWNER,
    fill,
    fill_html,
    tame,
)
from parlour.email.wording.previewing import Preview, own_signature, preview
from parlour.email.wording.rendering import render
from parlour.email.wording.signatures import Signature, signature_for
from parlour.email.wording.values import Scene, portal_url, scene_of

__all__ = [
    "ATTRIBUTED",
    "AUTOMATIC",
    "BUILT_IN",
    "INVITATION_MESSAGE",
    "KNOWN",
    "LINK_URL",
    "NAMES",
    "PORTAL_URL",
    "TOKEN_ENDS_ON",
    "TOKEN_NAME",
    "TOKEN_OWNER",
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
    "automatic_text",
    "automatic_words",
    "built_in_text",
    "change_wording",
    "checked_language",
    "checked_text",
    "fill",
    "fill_html",
    "find_automatic",
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
    "render",
    "scene_of",
    "set_languages",
    "signature_for",
    "tame",
    "unknown_to",
    "wordings",
]
