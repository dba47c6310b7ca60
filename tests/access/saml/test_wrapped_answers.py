"""Signature wrapping: an honest assertion kept for its signature, and a forged one put where a reader looks."""

import copy
from typing import Any

import pytest
from lxml import etree

from parlour.people import Role
from tests.access.saml import desk
from tests.access.saml.provider import SAML, SAMLP
from tests.builders import Company

DS = "http://www.w3.org/2000/09/xmldsig#"


def _forged(answer: Any) -> tuple[Any, Any, Any]:
    """The honest assertion, its signature, and a copy without one that names somebody else."""
    honest = answer.find(f"{{{SAML}}}Assertion")
    evil = copy.deepcopy(honest)
    evil.remove(evil.find(f"{{{DS}}}Signature"))
    evil.find(f".//{{{SAML}}}NameID").text = "evil"
    address = evil.find(f".//{{{SAML}}}AttributeValue")
    address.text = address.text.replace("bob@", "evil@")
    return honest, honest.find(f"{{{DS}}}Signature"), evil


def wrapped_1(answer: Any) -> Any:
    """The honest response inside a forged response's signature."""
    outer = copy.deepcopy(answer)
    assertion, _, evil = _forged(outer)
    outer.remove(assertion)
    outer.append(evil)
    moved = etree.SubElement(outer, f"{{{DS}}}Signature")
    etree.SubElement(moved, f"{{{DS}}}Object").append(answer)
    return outer


def wrapped_2(answer: Any) -> Any:
    """The honest one detached, beside the forged response's content."""
    honest, _, evil = _forged(answer)
    evil.set("ID", "_evil")
    answer.insert(0, evil)
    etree.SubElement(answer, f"{{{SAMLP}}}Extensions").append(honest)
    return answer


def wrapped_3(answer: Any) -> Any:
    """The forged one first, the honest one after it."""
    honest, _, evil = _forged(answer)
    evil.set("ID", "_evil")
    honest.addprevious(evil)
    return answer


def wrapped_4(answer: Any) -> Any:
    """The honest one inside the forged one."""
    honest, _, evil = _forged(answer)
    evil.set("ID", "_evil")
    answer.replace(honest, evil)
    evil.append(honest)
    return answer


def wrapped_5(answer: Any) -> Any:
    """The forged one carries the signature, the honest one stands at the end."""
    honest, signature, evil = _forged(answer)
    evil.set("ID", "_evil")
    honest.remove(signature)
    evil.insert(1, signature)
    answer.replace(honest, evil)
    answer.append(honest)
    return answer


def wrapped_6(answer: Any) -> Any:
    """The honest one inside the signature that the forged one carries."""
    honest, signature, evil = _forged(answer)
    evil.set("ID", "_evil")
    honest.remove(signature)
    evil.insert(1, signature)
    answer.replace(honest, evil)
    signature.append(honest)
    return answer


def wrapped_7(answer: Any) -> Any:
    """The honest one in an extension, the forged one with the same ID."""
    honest, _, evil = _forged(answer)
    answer.replace(honest, evil)
    extension = etree.Element(f"{{{SAMLP}}}Extensions")
    extension.append(honest)
    answer.insert(0, extension)
    return answer


def wrapped_8(answer: Any) -> Any:
    """The honest one in an object of the signature, with the same ID."""
    honest, signature, evil = _forged(answer)
    honest.remove(signature)
    evil.insert(1, signature)
    answer.replace(honest, evil)
    etree.SubElement(signature, f"{{{DS}}}Object").append(honest)
    return answer


def wrapped_in_disguise(answer: Any) -> Any:
    """The honest one under another element's name, so that only one assertion is counted."""
    honest, signature, evil = _forged(answer)
    honest.remove(signature)
    evil.insert(1, signature)
    answer.replace(honest, evil)
    honest.tag = "Assertion"
    etree.SubElement(signature, f"{{{DS}}}Object").append(honest)
    return answer


@pytest.mark.parametrize(
    "wrap",
    [
        wrapped_1,
        wrapped_2,
        wrapped_3,
        wrapped_4,
        wrapped_5,
        wrapped_6,
        wrapped_7,
        wrapped_8,
        wrapped_in_disguise,
    ],
)
async def test_wrapped_around_an_honest_one(acme: Company, wrap: Any) -> None:
    await desk.person(acme)
    trip = await desk.set_out(acme, await desk.connect(acme, newcomers_are=Role.AGENT))
    reason = await trip.refused(wrap(trip.answer()))
    assert "assertions" in reason or "more than once" in reason or "not signed" in reason or "not fit" in reason
