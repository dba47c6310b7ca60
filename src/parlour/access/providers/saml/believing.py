"""Which part of an answer is believed: the one assertion that the provider has signed, and nothing beside it."""

from collections.abc import Sequence
from typing import Any, Final

from parlour.access.providers.saml import decrypting, parsing
from parlour.access.providers.saml.decrypting import NotOpened
from parlour.access.providers.saml.parsing import NotRead
from parlour.access.providers.saml.signatures import verified
from parlour.access.providers.shown import NotVouchedFor, refused

_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
_NOT_OPENED: Final = (
    "The encrypted assertion can't be opened with a key of ours, or what is in it is not signed as it should be. "
    "Give the provider our metadata anew."
)
"""Whatever went wrong: who sends changed answers in again and again must not learn how far each got."""


def signed_assertion(response: Any, certificates: Sequence[str], keys: Sequence[bytes] = ()) -> Any:
    """As it was signed, made anew from the very bytes that the signature covers. Raises `NotVouchedFor`.

    Whatever else the answer holds can't be taken for it: there is one assertion in all of it, right below the root,
    every ID stands once, and a signature is the child of what it signs. Where the assertion has none of its own, the
    one of the whole response counts. `keys` open an encrypted one.
    """
    _check_success(response)
    _check_names(response)
    if is_encrypted(response):
        return _opened(response, certificates, keys)
    assertion = _only_assertion(response)
    own, around = _signatures(response, assertion)
    if own:
        return verified(assertion, certificates)
    if around:
        return _only_assertion(verified(response, certificates))
    raise refused("The answer is not signed. Have the provider sign the assertion.")


def is_encrypted(response: Any) -> bool:
    return next(response.iter(parsing.name("saml", "EncryptedAssertion")), None) is not None


def parsed(document: bytes) -> Any:
    """The response. Raises `NotVouchedFor`."""
    try:
        response = parsing.read(document)
        parsing.refuse_asides(response)
    except NotRead as wrong:
        raise refused(wrong.words) from wrong
    if response.tag != parsing.name("samlp", "Response"):
        raise refused("The answer is no SAML 2.0 response.")
    return response


def _opened(response: Any, certificates: Sequence[str], keys: Sequence[bytes]) -> Any:
    """The signature around it is looked at before anything is opened: what was changed on the way stays closed."""
    every = list(response.iter(parsing.name("saml", "EncryptedAssertion")))
    plain = list(response.iter(parsing.name("saml", "Assertion")))
    if plain or len(every) != 1 or every[0].getparent() is not response:
        raise refused("The answer has an encrypted assertion and others, or one in the wrong place; one is expected.")
    _, around = _signatures(response, None)
    source = verified(response, certificates) if around else response
    if not keys:
        raise refused("The assertion is encrypted, and there is no key for it here. Make one, or switch it off there.")
    sealed = decrypting.sealed_in(parsing.found(source, "saml:EncryptedAssertion")[0])
    try:
        inside = parsing.read(decrypting.opened(sealed, keys))
        parsing.refuse_asides(inside)
        return _only_signed(inside, certificates, is_signed_around=bool(around))
    except (NotOpened, NotRead, NotVouchedFor):
        raise refused(_NOT_OPENED) from None


def _only_signed(inside: Any, certificates: Sequence[str], *, is_signed_around: bool) -> Any:
    _check_names(inside)
    if list(inside.iter(parsing.name("saml", "Assertion"))) != [inside] or is_encrypted(inside):
        raise refused(_NOT_OPENED)
    own, _ = _signatures(inside, inside)
    if own:
        return verified(inside, certificates)
    if is_signed_around:
        return inside
    raise refused(_NOT_OPENED)


def _check_success(response: Any) -> None:
    codes = parsing.found(response, "samlp:Status/samlp:StatusCode")
    if len(codes) != 1 or codes[0].get("Value") != _SUCCESS:
        inner = [each.get("Value", "") for code in codes for each in [code, *code]]
        raise refused(f"The provider refused: {', '.join(each.rpartition(':')[2] for each in inner)[:80]}")


def _check_names(root: Any) -> None:
    names = [each.get(key) for each in root.iter() for key in ("ID", "Id", "id") if each.get(key)]
    if len(names) != len(set(names)):
        raise refused("An ID stands more than once in the answer.")


def _only_assertion(response: Any) -> Any:
    every = list(response.iter(parsing.name("saml", "Assertion")))
    if len(every) != 1 or every[0].getparent() is not response:
        raise refused(f"The answer has {len(every)} assertions, or one in the wrong place; one is expected.")
    return every[0]


def _signatures(root: Any, assertion: Any | None) -> tuple[int, int]:
    """How many the assertion has, and how many the root; there are no others, and one each at most."""
    parents = [each.getparent() for each in root.iter(parsing.name("ds", "Signature"))]
    own = parents.count(assertion) if assertion is not None else 0
    around = parents.count(root) if root is not assertion else 0
    if own > 1 or around > 1 or own + around != len(parents):
        raise refused("The answer has a signature too many, or in the wrong place.")
    return own, around
