import { Controller } from "@hotwired/stimulus";
import { answerOf, toMake, toShow } from "../lib/credentials.js";
import { token } from "../lib/requests.js";

// What is offered in the email field waits for longer than a question is good: it is asked anew in time.
const ASKED_ANEW = 240_000;
const OTHER_WAY = "Try again, or choose another way.";
const WORDS = {
  InvalidStateError: "This device has a passkey for your account already.",
  ConstraintError: "This device can’t tell who holds it. Set up a PIN, a fingerprint or your face in it first, or use another device.",
  NotSupportedError: "This device makes no passkeys of the kind that is asked for. Use another device.",
  SecurityError: "Browsers refuse passkeys at this address. Open the page by its name, over https.",
};

function trouble() {
  if (!window.isSecureContext) return "Passkeys need a secure connection: open this page over https.";
  return window.PublicKeyCredential ? "" : "This browser knows no passkeys. Choose another way, or another browser.";
}

// Asks the device for a passkey, or to make one, and sends the form with its answer.
export default class extends Controller {
  static targets = ["ceremony", "answer", "button", "said"];
  static values = { begin: String, make: Boolean, autofill: Boolean };

  connect() {
    // A page that was kept while another was shown.
    this.answerTarget.value = "";
    this.busy(false);
    const why = trouble();
    if (why) { this.buttonTarget.disabled = true; this.say(why); } else if (this.autofillValue) this.offer();
  }

  disconnect() { this.stop(); }

  async ask(event) {
    // With its answer the form goes its way.
    if (this.answerTarget.value) return;
    event.preventDefault();
    if (this.isAsking) return;
    this.stop();
    this.busy(true);
    this.say("Your browser asks you now.", false);
    const signal = this.starting();
    const since = performance.now();
    let patience = Infinity;
    try {
      const { ceremony, options } = await this.begin(signal);
      patience = options.timeout ?? Infinity;
      this.send(ceremony, await this.credential({ signal }, options));
    } catch (error) {
      if (signal.aborted) return;
      this.say(this.words(error, performance.now() - since >= patience - 1000));
    } finally {
      if (!this.answerTarget.value) this.busy(false);
    }
  }

  // After the answer has come: the page is another one, or was not reached.
  sent({ detail }) {
    if (detail.success) return;
    this.answerTarget.value = "";
    this.busy(false);
    if (!detail.fetchResponse) this.say("The server could not be reached. Try again.");
  }

  // Passkeys among what the browser proposes for the email field.
  async offer() {
    const can = await PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false);
    if (!can || !this.element.isConnected || this.isAsking) return;
    const signal = this.starting();
    this.anew = setTimeout(() => { this.stop(); this.offerWhenSeen(); }, ASKED_ANEW);
    try {
      const { ceremony, options } = await this.begin(signal);
      this.send(ceremony, await this.credential({ signal, mediation: "conditional" }, options));
    } catch {
      // It was never asked for: the button is there for whoever wants to know more.
    }
  }

  offerWhenSeen() {
    if (document.visibilityState === "visible") this.offer();
    else document.addEventListener("visibilitychange", () => this.offer(), { once: true });
  }

  async begin(signal) {
    const headers = { Accept: "application/json", "X-CSRF-Token": token() };
    const answer = await fetch(this.beginValue, { method: "POST", headers, credentials: "same-origin", signal });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(told.error ?? "The server could not be reached. Try again.");
    return told;
  }

  credential(how, options) {
    const { credentials } = navigator;
    return this.makeValue ? credentials.create({ ...how, publicKey: toMake(options) }) : credentials.get({ ...how, publicKey: toShow(options) });
  }

  send(ceremony, credential) {
    clearTimeout(this.anew);
    this.ceremonyTarget.value = ceremony;
    this.answerTarget.value = JSON.stringify(answerOf(credential));
    this.say("", false);
    this.element.requestSubmit();
  }

  words(error, isLate) {
    if (error instanceof Refused) return error.message;
    if (error.name === "NotAllowedError") {
      if (isLate) return `That took too long. ${OTHER_WAY}`;
      return this.makeValue ? "Nothing was made: it was cancelled, or this device can’t do it. Try again, or use another device."
        : `It was cancelled, or there is no passkey for this account in reach. ${OTHER_WAY}`;
    }
    return WORDS[error.name] ?? (error instanceof TypeError ? "The server could not be reached. Try again." : `That did not work. ${OTHER_WAY}`);
  }

  starting() {
    this.asking = new AbortController();
    return this.asking.signal;
  }

  stop() {
    clearTimeout(this.anew);
    this.asking?.abort();
  }

  get isAsking() { return "busy" in this.buttonTarget.dataset; }

  busy(is) {
    if (is) this.buttonTarget.dataset.busy = "";
    else delete this.buttonTarget.dataset.busy;
    this.buttonTarget.setAttribute("aria-disabled", String(is));
  }

  say(words, isTrouble = true) {
    this.saidTarget.textContent = words;
    this.saidTarget.classList.toggle("field-error", isTrouble && words !== "");
  }
}

class Refused extends Error {}
