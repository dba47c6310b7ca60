"""Whether an assertion is meant for us, for this attempt, and for now (SAML 2.0 Profiles, 4.1.4.3)."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from parlour.access.providers.saml import parsing
from parlour.access.providers.shown import refused
from parlour.foundation import clock

SKEW: Final = timedelta(seconds=60)
_LONGEST: Final = timedelta(hours=24)
_FRESH: Final = timedelta(minutes=5)
_BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"


class Expected(msgspec.Struct, frozen=True):
    """What has to stand in it. Without a `request_id` nobody had asked, and it must not say that somebody had."""

    issuer: str
    audience: str
    recipient: str
    request_id: str | None


def check_response(response: Any, expected: Expected) -> None:
    """The envelope, which nobody signed: it may refuse an answer, never make one good. Raises `NotVouchedFor`."""
    _same(response.get("Destination") or expected.recipient, expected.recipient, "The answer is for another address")
    _same(response.get("InResponseTo"), expected.request_id, "The answer belongs to another request")
    for issuer in parsing.found(response, "saml:Issuer"):
        _same(parsing.text(issuer), expected.issuer, "The answer came from another issuer")


def check_assertion(assertion: Any, expected: Expected) -> datetime:
    """Until when it could be used. Raises `NotVouchedFor`."""
    issuer = _only(assertion, "saml:Issuer")
    _same(parsing.text(issuer), expected.issuer, "The assertion came from another issuer")
    if expected.request_id is None:
        _check_fresh(assertion)
    conditions = _only(assertion, "saml:Conditions")
    _check_times(conditions)
    restrictions = parsing.found(conditions, "saml:AudienceRestriction")
    if not restrictions:
        raise refused("The assertion names no audience.")
    for restriction in restrictions:
        audiences = [parsing.text(each) for each in parsing.found(restriction, "saml:Audience")]
        if expected.audience not in audiences:
            raise refused(f"The assertion is for another audience: {', '.join(audiences)[:200]}")
    return _confirmed_until(assertion, expected)


def _confirmed_until(assertion: Any, expected: Expected) -> datetime:
    reasons = ["The assertion has no bearer confirmation."]
    for each in parsing.found(assertion, "saml:Subject/saml:SubjectConfirmation"):
        said = parsing.found(each, "saml:SubjectConfirmationData")
        if each.get("Method") != _BEARER or len(said) != 1:
            continue
        if said[0].get("Recipient") != expected.recipient:
            reasons.append(f"The assertion is for another recipient: {str(said[0].get('Recipient'))[:200]}")
        elif said[0].get("InResponseTo") != expected.request_id:
            reasons.append("The assertion belongs to another request.")
        else:
            _check_times(said[0])
            return _needed(said[0])
    raise refused(reasons[-1])


def _check_fresh(assertion: Any) -> None:
    """No question ties it to a moment, so it has to be of this one."""
    made = _moment(assertion, "IssueInstant")
    if made is None or not clock.now() - _FRESH - SKEW <= made <= clock.now() + SKEW:
        raise refused("The assertion was not made just now, as one has to be that nobody had asked for.")


def _needed(element: Any) -> datetime:
    until = _moment(element, "NotOnOrAfter")
    if until is None or until > clock.now() + _LONGEST:
        raise refused("The assertion does not say until when it counts, or names more than a day.")
    return until


def _check_times(element: Any) -> None:
    now, since, until = clock.now(), _moment(element, "NotBefore"), _moment(element, "NotOnOrAfter")
    if since is not None and now + SKEW < since:
        raise refused(f"The assertion counts from {since:%H:%M:%S} UTC on only. Compare the clocks.")
    if until is not None and now - SKEW >= until:
        raise refused(f"The assertion ran out at {until:%H:%M:%S} UTC. Compare the clocks.")


def _moment(element: Any, name: str) -> datetime | None:
    written = element.get(name)
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as wrong:
        raise refused(f"{name} is no moment.") from wrong
    if moment.tzinfo is None:
        raise refused(f"{name} names no time zone.")
    return moment


def _only(element: Any, path: str) -> Any:
    every = parsing.found(element, path)
    if len(every) != 1:
        raise refused(f"The assertion has {len(every)} of {path.partition(':')[2]}; one is expected.")
    return every[0]


def _same(said: str | None, expected: str | None, words: str) -> None:
    if said != expected:
        raise refused(f"{words}: {str(said)[:200]}")
