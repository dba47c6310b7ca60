"""Placeholders: a closed list, filled in text and in HTML, and nothing a stranger is called can do harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.email.wording.checking import checked_text
from parlour.email.wording.kinds import Kind, Text
from parlour.email.wording.languages import chosen, wishes
from parlour.email.wording.placeholders import canonical, fill, fill_html
from parlour.email.wording.rendering import render
from parlour.email.wording.values import Scene
from parlour.foundation.errors import Invalid

SCENE = Scene(
    customer_name="Carol Weber",
    customer_email="c.weber@customer.test",
    ticket_number=42,
    ticket_subject="The grinder hums",
    organization_name="Acme & Sons",
    mailbox_address="support@acme.test",
    portal_url="https://help.acme.test/portal/acme",
    agent_name="Bob",
)


def called(name: str, email: str = "x@customer.test") -> Scene:
    return Scene(name, email, 42, "The grinder hums", "Acme & Sons", "support@acme.test", "https://acme.test", "Bob")


def test_each_placeholder_has_its_value() -> None:
    text = (
        "{{customer.name}}/{{customer.first_name}}/{{agent.name}}/{{ticket.number}}/{{ticket.subject}}/"
        "{{organization.name}}/{{mailbox.address}}/{{portal.url}}"
    )
    assert fill(text, SCENE.values()) == (
        "Carol Weber/Carol/Bob/42/The grinder hums/Acme & Sons/support@acme.test/https://help.acme.test/portal/acme"
    )


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Carol Weber", "Carol"),
        ("Weber, Carol", "Carol"),
        ("Dr. Carol Weber", "Carol"),
        ("Frau Prof. Dr. Carol Weber", "Carol"),
        ("Carol", "Carol"),
        ("山田 太郎", "山田 太郎"),
    ],
)
def test_a_first_name_is_the_one_somebody_is_greeted_by(name: str, first: str) -> None:
    assert fill("{{customer.first_name|there}}", called(name).values()) == first


@pytest.mark.parametrize(
    "name", ["c.weber", "carol@customer.test", "Win at https://evil.test", "www.evil.test", "evil.test/now", "Dr."]
)
def test_what_is_no_name_is_greeted_by_what_stands_ready_for_that(name: str) -> None:
    greeting = "Hello {{customer.first_name|there}}, welcome to {{organization.name|us}}."
    values = called(name, "c.weber@customer.test").values()
    assert fill(greeting, values) == "Hello there, welcome to Acme & Sons."


def test_without_anything_ready_no_gap_is_left() -> None:
    values = called("c.weber", "c.weber@customer.test").values()
    assert fill("Hello {{customer.first_name}}, good day", values) == "Hello, good day"


def test_what_is_unknown_is_refused_by_its_name() -> None:
    with pytest.raises(Invalid) as refused:
        canonical("Hi {{customer.nmae}}, {{ticket.number}} {{__class__}} {{7*7}} {{x}}", "text")
    assert refused.value.details is not None
    said = str(refused.value.details["text"])
    assert said.startswith("There is no placeholder {{customer.nmae}}, {{__class__}}, {{7*7}} …. There are {{customer.")


@pytest.mark.parametrize("text", ["Hi {{customer.name", "Hi customer.name}}", "{{customer.name}} {{"])
def test_what_is_not_complete_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="attention") as refused:
        canonical(text, "text")
    assert refused.value.details == {"text": "A placeholder is not complete: it is written {{customer.name}}."}


def test_spaces_inside_do_not_matter() -> None:
    assert canonical("{{ customer.first_name | you there }}!", "text") == "{{customer.first_name|you there}}!"


def test_an_automatic_mail_knows_no_agent() -> None:
    with pytest.raises(Invalid) as refused:
        checked_text(Kind.ACKNOWLEDGEMENT, Text("I am {{agent.name}}"))
    assert "{{agent.name}}" in str(refused.value.details)
    assert "agent.name" not in str(refused.value.details).partition("There are")[2]


def test_a_subject_stays_one_line() -> None:
    checked = checked_text(Kind.ACKNOWLEDGEMENT, Text("x", subject="Hello\r\nBcc: eve@evil.test {{ticket.subject}}"))
    scene = Scene("Eve", "e@x.test", 1, "A\r\nBcc: mallory@evil.test", "Acme", "", "")
    assert render(checked, scene.values()).subject == "Hello Bcc: eve@evil.test A Bcc: mallory@evil.test"


def test_in_html_every_value_is_escaped() -> None:
    scene = called('<img src=x onerror="alert(1)"> & Co')
    assert "<img" not in render(Text("Hello {{customer.name}}"), scene.values()).html
    own = Text(
        "x", html='<p title="{{customer.name}}">Hello <b>{{customer.name}}</b> <a href="{{portal.url}}">in</a></p>'
    )
    markup = render(own, scene.values()).html
    assert markup.count("<") == 6
    assert '<b>&lt;img src=x onerror="alert(1)"&gt; &amp; Co</b>' in markup
    assert '<a href="https://acme.test" target="_blank"' in markup


def test_a_value_never_becomes_an_address_that_does_something() -> None:
    scene = Scene("Eve", "e@x.test", 1, "javascript:alert(1)", "Acme", "", "")
    markup = render(Text("x", html='<a href="{{ticket.subject}}">here</a><script>1</script>'), scene.values()).html
    assert "javascript" not in markup
    assert "script" not in markup


def test_what_a_stranger_wrote_becomes_no_link() -> None:
    scene = Scene("Eve", "e@x.test", 1, "Win at https://evil.test", "Acme", "a@acme.test", "https://acme.test/portal/a")
    markup = render(Text("About {{ticket.subject}}, see {{portal.url}}"), scene.values()).html
    assert 'href="https://evil.test' not in markup
    assert '<a href="https://acme.test/portal/a"' in markup


@given(st.text(max_size=60))
def test_no_value_hides_a_placeholder_or_a_second_line(value: str) -> None:
    scene = Scene("Eve", "e@x.test", 1, value + "{{portal.url}}\n{{customer.name}}", "Acme", "", "https://acme.test")
    filled = fill("{{ticket.subject}}", scene.values())
    assert "{{" not in filled
    assert "\n" not in filled
    assert fill(filled, scene.values()) == filled
    assert "<" not in fill_html("{{ticket.subject}}", scene.values())


def test_the_best_language_is_the_customers_then_the_organizations_then_english() -> None:
    assert chosen(["en", "de", "pt-BR"], wishes("pt", ["de"])) == "pt-BR"
    assert chosen(["en", "pt", "de"], wishes("pt-BR", ["de"])) == "pt"
    assert chosen(["en", "de"], wishes("fr", ["de"])) == "de"
    assert chosen(["fr", "en"], wishes(None, ["de"])) == "en"
    assert chosen(["fr"], wishes(None, ["de"])) == "fr"
    assert chosen([], wishes("fr", ["de"])) is None
