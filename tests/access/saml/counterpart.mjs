// A SAML identity provider built on samlify, which reads and signs in its own way; the sign-in form is its own too.
// Run: node counterpart.mjs PORT, with {"key": PEM, "certificate": PEM} on its standard input.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../assets/package.json", import.meta.url));
const saml = require("samlify");
// Each message is held against the schema of SAML 2.0 before it is read.
saml.setSchemaValidator(require("@authenio/samlify-node-xmllint"));

const keys = JSON.parse(readFileSync(0, "utf8"));
const parties = new Map();
const waiting = new Map();
const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function template() {
  const context = saml.SamlLib.defaultLoginResponseTemplate.context.replace(
    "{AuthnStatement}",
    '<saml:AuthnStatement AuthnInstant="{AuthnInstant}" SessionIndex="{SessionIndex}"><saml:AuthnContext>' +
      "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport" +
      "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>",
  );
  const basic = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
  const attributes = ["email", "displayName", "groups"].map((name) => ({
    name,
    valueTag: name,
    nameFormat: basic,
    valueXsiType: "xs:string",
  }));
  return { context, attributes };
}

function provider(here, party = {}) {
  return saml.IdentityProvider({
    entityID: `${here}/entity`,
    signingCert: keys.certificate,
    privateKey: keys.key,
    nameIDFormat: ["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"],
    singleSignOnService: [{ Binding: saml.Constants.namespace.binding.redirect, Location: `${here}/sso` }],
    loginResponseTemplate: template(),
    isAssertionEncrypted: Boolean(party.encrypted),
    ...(party.encrypted ?? {}),
  });
}

/** As an administrator enters us there: with our metadata, whom they let in, and what they sign. */
function learn(party) {
  const known = saml.ServiceProvider({ metadata: party.metadata, wantMessageSigned: party.signs !== "assertion" });
  if (party.signs === "response") known.entityMeta.isWantAssertionsSigned = () => false;
  parties.set(known.entityMeta.getEntityID(), { ...party, known });
  return known.entityMeta.getEntityID();
}

async function asked(here, url) {
  const query = Object.fromEntries(url.searchParams);
  const issuer = /Issuer[^>]*>([^<]+)</.exec(saml.Utility.inflateString(query.SAMLRequest))?.[1];
  const party = parties.get(issuer);
  if (!party) throw new Error(`nobody is known as ${issuer}`);
  const signed = [...url.search.slice(1).split("&")].filter((part) => !part.startsWith("Signature="));
  const request = await provider(here, party).parseLoginRequest(party.known, "redirect", {
    query,
    octetString: signed.join("&"),
  });
  const wanted = request.extract.request.assertionConsumerServiceUrl;
  if (wanted !== party.known.entityMeta.getAssertionConsumerService("post")) throw new Error(`not on file: ${wanted}`);
  const ticket = crypto.randomUUID();
  waiting.set(ticket, { party, request, state: query.RelayState });
  return ticket;
}

/** A tile on the provider's own page: nobody has asked. */
function begun(chosen) {
  const ticket = crypto.randomUUID();
  waiting.set(ticket, { party: parties.get(chosen.get("party")), state: chosen.get("state") ?? undefined });
  return ticket;
}

async function answer(here, { party, request, state }, person) {
  const entity = provider(here, party);
  const now = new Date();
  const consumer = party.known.entityMeta.getAssertionConsumerService("post");
  const fill = (context) => {
    const id = entity.entitySetting.generateID();
    const values = {
      ID: id,
      AssertionID: entity.entitySetting.generateID(),
      Destination: consumer,
      Audience: party.known.entityMeta.getEntityID(),
      SubjectRecipient: consumer,
      Issuer: entity.entityMeta.getEntityID(),
      IssueInstant: now.toISOString(),
      StatusCode: "urn:oasis:names:tc:SAML:2.0:status:Success",
      ConditionsNotBefore: now.toISOString(),
      ConditionsNotOnOrAfter: new Date(+now + 300000).toISOString(),
      SubjectConfirmationDataNotOnOrAfter: new Date(+now + 300000).toISOString(),
      NameIDFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
      NameID: person.id,
      InResponseTo: request?.extract.request.id,
      AuthnInstant: now.toISOString(),
      SessionIndex: `_${crypto.randomUUID()}`,
      attrEmail: person.email,
      attrDisplayName: person.name,
      attrGroups: person.group ?? "everybody",
    };
    return { id, context: saml.SamlLib.replaceTagsByValue(context, values) };
  };
  const made = await entity.createLoginResponse(party.known, request ?? {}, "post", {}, {
    customTagReplacement: fill,
    encryptThenSign: true,
  });
  return page(`<form method="post" action="${escaped(made.entityEndpoint)}">
    <input type="hidden" name="SAMLResponse" value="${escaped(made.context)}">
    ${state === undefined ? "" : `<input type="hidden" name="RelayState" value="${escaped(state)}">`}
    <button>Go on</button></form><script>document.forms[0].submit()</script>`);
}

function form(ticket, words = "") {
  return page(`<h1>Sign in</h1><p role="alert">${words}</p><form method="post" action="/sso">
    <input type="hidden" name="ticket" value="${ticket}">
    <label>User name <input name="login" autocomplete="username"></label>
    <label>Password <input name="password" type="password" autocomplete="current-password"></label>
    <button>Sign in</button></form>`);
}

function page(body) {
  return `<!doctype html><html lang="en"><title>Their sign-in</title>${body}</html>`;
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function entered(here, request) {
  const fields = new URLSearchParams(await body(request));
  const ticket = fields.get("ticket");
  const attempt = waiting.get(ticket);
  const person = attempt?.party.people.find(({ login }) => login === fields.get("login"));
  if (!person || person.password !== fields.get("password")) return form(ticket, "User name or password is wrong.");
  waiting.delete(ticket);
  return answer(here, attempt, person);
}

async function respond(request) {
  const here = `http://${request.headers.host}`;
  const url = new URL(request.url, here);
  switch (`${request.method} ${url.pathname}`) {
    case "GET /metadata":
      return ["application/samlmetadata+xml", provider(here).getMetadata()];
    case "PUT /parties":
      return ["text/plain", learn(JSON.parse(await body(request)))];
    case "GET /sso":
      return ["text/html", form(await asked(here, url))];
    case "GET /start":
      return ["text/html", form(begun(url.searchParams))];
    case "POST /sso":
      return ["text/html", await entered(here, request)];
    default:
      throw new Error("there is no such page");
  }
}

createServer(async (request, response) => {
  try {
    const [kind, text] = await respond(request);
    response.writeHead(200, { "content-type": kind }).end(text);
  } catch (failure) {
    response.writeHead(400, { "content-type": "text/plain" }).end(String(failure?.message ?? failure));
  }
}).listen(Number(process.argv[2]), "127.0.0.1");
