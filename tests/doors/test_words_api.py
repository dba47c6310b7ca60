"""Signatures, templates and automatic mails, as programs write and read them."""

import uuid
from typing import Any

import httpx

from parlour.email import safety
from tests.builders import Company
from tests.doors.conftest import Clients, failure

HELLO = {"en": "Hello {{customer.first_name|there}}", "de": "Guten Tag"}


async def ids(client: httpx.AsyncClient, path: str) -> list[str]:
    return [item["id"] for item in (await client.get(path)).json()["items"]]


async def test_a_template_is_written_read_changed_and_removed(acme: Company, at_acme: Clients) -> None:
    alice, bob = await at_acme.program("alice"), await at_acme.program("bob")
    made = await alice.post("/api/templates", json={"name": " Greeting ", "texts": HELLO})
    assert made.status_code == 201
    template: dict[str, Any] = made.json()
    path = made.headers["location"]
    assert path == f"/api/templates/{template['id']}"
    whose = {template[name] for name in ("mailboxId", "departmentId", "userId")}
    assert (template["name"], template["texts"], whose) == ("Greeting", HELLO, {None})
    assert (await bob.get(path)).json() == template
    assert (await bob.get("/api/templates", params={"q": "guten"})).json()["items"] == [template]
    changed = (await alice.put(path, json={"texts": {"fr": "Bonjour"}})).json()
    assert (changed["name"], changed["texts"]) == ("Greeting", {"fr": "Bonjour"})
    failure(await bob.put(path, json={"name": "Mine"}))
    assert (await bob.delete(path)).status_code == 403
    assert (await bob.get(path)).json() == changed
    assert (await alice.delete(path)).status_code == 204
    assert (await alice.get(path)).status_code == 404


async def test_an_agent_writes_their_own_and_a_manager_their_departments(acme: Company, at_acme: Clients) -> None:
    erin, mara = await at_acme.program("erin"), await at_acme.program("mara")
    own = {"name": "Mine", "texts": HELLO, "userId": str(acme.erin.user_id)}
    assert (await erin.post("/api/templates", json=own)).status_code == 201
    assert (await erin.post("/api/templates", json={**own, "userId": str(acme.bob.user_id)})).status_code == 403
    of_billing = {"name": "Ours", "texts": HELLO, "departmentId": str(acme.billing_id)}
    assert (await mara.post("/api/templates", json=of_billing)).status_code == 403
    assert await ids(mara, "/api/templates") == []


async def test_what_does_not_do_is_named(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    refused = await alice.post("/api/templates", json={"name": "x", "texts": {"de": "Hallo {{customer.nmae}}"}})
    assert refused.status_code == 422
    details = failure(refused)["details"]
    assert details["texts.de.text"].startswith("There is no placeholder {{customer.nmae}}.")
    assert (await alice.post("/api/templates", json={"name": "x", "texts": {"DE_de": "x"}})).status_code == 422
    assert (await alice.post("/api/templates", json={"name": "x", "texts": {}})).status_code == 422
    assert await ids(alice, "/api/templates") == []
    twice = {"name": "Greeting", "texts": HELLO}
    assert (await alice.post("/api/templates", json=twice)).status_code == 201
    assert (await alice.post("/api/templates", json=twice)).status_code == 409


async def test_a_ticket_gets_what_fits_filled_in(acme: Company, at_acme: Clients) -> None:
    alice, bob = await at_acme.program("alice"), await at_acme.program("bob")
    template = (await alice.post("/api/templates", json={"name": "Greeting", "texts": HELLO})).json()
    ticket = await acme.ticket()
    path = f"/api/tickets/{ticket.number}/templates"
    offered = (await bob.get(path)).json()["items"]
    assert [(one["id"], one["language"], one["text"]) for one in offered] == [(template["id"], "en", "Hello Carol")]
    german = await bob.get(f"{path}/{template['id']}", params={"language": "de"})
    assert (german.json()["language"], german.json()["text"]) == ("de", "Guten Tag")
    assert (await bob.get(f"{path}/{uuid.uuid4()}")).status_code == 404


async def test_signatures_are_ones_own_or_an_administrators(acme: Company, at_acme: Clients) -> None:
    alice, bob = await at_acme.program("alice"), await at_acme.program("bob")
    texts = {"en": {"text": "{{agent.name}}", "html": "<b>{{agent.name}}</b>"}}
    own = await bob.post("/api/signatures", json={"userId": str(acme.bob.user_id), "texts": texts})
    assert own.status_code == 201
    assert own.json()["texts"] == texts
    assert (await bob.post("/api/signatures", json={"texts": texts})).status_code == 403
    shared = await alice.post("/api/signatures", json={"texts": {"en": {"text": "{{organization.name}}"}}})
    assert shared.json()["texts"] == {"en": {"text": "{{organization.name}}", "html": ""}}
    assert sorted(await ids(bob, "/api/signatures")) == sorted([own.json()["id"], shared.json()["id"]])
    path = own.headers["location"]
    assert (await bob.put(path, json={"texts": {"de": {"text": "Bob"}}})).json()["texts"]["de"]["text"] == "Bob"
    assert (await bob.delete(path)).status_code == 204
    assert await ids(bob, "/api/signatures") == [shared.json()["id"]]


async def test_automatic_mails_and_back_to_the_built_in_words(acme: Company, at_acme: Clients) -> None:
    alice, mara = await at_acme.program("alice"), await at_acme.program("mara")
    assert (await mara.get("/api/automatic-mails")).status_code == 403
    before = (await alice.get("/api/automatic-mails")).json()
    assert before["items"] == []
    assert len(before["builtIn"]["ACKNOWLEDGEMENT"]) >= 10
    texts = {"en": {"text": "We have it.", "html": "", "subject": "Here: {{ticket.subject}}"}}
    made = await alice.post("/api/automatic-mails", json={"kind": "ACKNOWLEDGEMENT", "texts": texts})
    assert made.status_code == 201
    path = made.headers["location"]
    assert (await alice.get(path)).json()["texts"] == texts
    refused = await alice.put(path, json={"texts": {"en": {"text": "{{agent.name}}"}}})
    assert "{{agent.name}}" in failure(refused)["details"]["texts.en.text"]
    assert (await alice.get(path)).json()["texts"] == texts
    assert (await alice.delete(path)).status_code == 204
    assert await ids(alice, "/api/automatic-mails") == []


async def test_acknowledging_is_switched_and_languages_are_named(acme: Company, at_acme: Clients) -> None:
    alice, path = await at_acme.program("alice"), "/api/automatic-mails/settings"
    assert (await alice.get(path)).json() == {"acknowledges": False, "languages": ["en"]}
    wanted = {"acknowledges": True, "languages": ["de", "pt-BR"]}
    assert (await alice.put(path, json=wanted)).json() == wanted
    assert (await alice.put(path, json={"languages": []})).status_code == 422
    assert (await alice.get(path)).json() == wanted
    async with acme.database.reading(acme.organization_id) as tx:
        assert await safety.mail_rules(tx) == safety.MailRules(acknowledges=True)


async def test_a_preview_is_what_somebody_would_get(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    ticket = await acme.ticket("Grinder <b>hums</b>")
    words = {"kind": "TEMPLATE", "text": "About {{ticket.subject}}, {{customer.name}}", "ticket": ticket.number}
    shown = (await bob.post("/api/previews", json=words)).json()
    assert shown["text"] == "About Grinder <b>hums</b>, Carol"
    assert shown["html"] == "<p>About Grinder &lt;b&gt;hums&lt;/b&gt;, Carol</p>"
    example = await bob.post("/api/previews", json={"kind": "ACKNOWLEDGEMENT", "text": "{{customer.name}}"})
    assert example.json()["subject"] == "Re: My order has not arrived [#42]"
    assert example.json()["text"] == "Carol Weber"
    unknown = await bob.post("/api/previews", json={**words, "text": "{{x}}"})
    assert failure(unknown)["details"]["text"].startswith("There is no placeholder {{x}}.")
    assert (await bob.post("/api/previews", json={**words, "ticket": 999})).status_code == 404
