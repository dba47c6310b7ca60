import { Controller } from "@hotwired/stimulus";
import * as Turbo from "@hotwired/turbo";
import { connection, hear, isConnected } from "../lib/connection.js";
import { fetchStream, partOf } from "../lib/requests.js";

const quiet = 60;       // wait for the rest of a burst
const pause = 900;      // then at most about one request a second
const longPause = 5000; // while nobody looks
const mostRows = 200;

// Owns the socket: hears that something changed, asks for it once, and morphs it into the page.
export default class extends Controller {
  connect() {
    this.lastAsked = -Infinity;
    this.cleanUps = [
      hear("connect", () => this.connected()),
      hear("disconnect", () => this.disconnected()),
      hear("connect_error", () => this.disconnected()),
      hear("ticket:created", () => this.soon()),
      hear("notification:new", () => this.soon()),
      hear("ticket:updated", (event) => this.updated(event)),
      this.listen("parlour:changed", () => this.soon()),
      this.listen("online", () => this.soon(true)),
      this.listen("offline", () => this.say("You are offline. What you write is kept.")),
      this.listen("visibilitychange", () => { if (!document.hidden && this.missed) this.soon(true); }),
      this.listen("turbo:load", () => this.name()),
      this.listen("turbo:frame-load", () => this.name()),
      this.listen("turbo:before-stream-render", (event) => this.around(event)),
    ];
    this.begin = setTimeout(() => connection(), 0);
    this.name();
    this.watchSending();
  }

  disconnect() {
    this.cleanUps.forEach((cleanUp) => cleanUp());
    [this.timer, this.begin, this.wait, this.sendingTimer].forEach(clearTimeout);
    this.asking?.abort();
  }

  listen(name, listener) {
    addEventListener(name, listener);
    return () => removeEventListener(name, listener);
  }

  connected() {
    clearTimeout(this.wait);
    this.say("");
    // Whatever happened while the line was down is fetched now.
    if (this.wasDown) this.soon(true);
    this.wasDown = false;
    document.documentElement.dataset.live = "";
  }

  disconnected() {
    // Every failed attempt comes through here: the first one counts.
    if (this.wasDown) return;
    this.wasDown = true;
    delete document.documentElement.dataset.live;
    this.wait = setTimeout(() => {
      if (!isConnected()) this.say(navigator.onLine ? "Reconnecting…" : "You are offline. What you write is kept.");
    }, 2500);
  }

  updated({ id, version }) {
    const head = document.getElementById("ticket-head");
    const open = document.querySelector(`[data-ticket-id-value="${id}"]`);
    this.soon(Boolean(open && head && (version > Number(head.dataset.version) || this.isSending)));
  }

  soon(withTicket = false) {
    this.withTicket ||= withTicket;
    if (this.timer) return;
    const since = performance.now() - this.lastAsked;
    const least = document.hidden ? longPause : pause;
    this.timer = setTimeout(() => this.ask(), Math.max(quiet, least - since));
  }

  async ask() {
    this.timer = null;
    const frame = document.getElementById("list-frame");
    if (!frame) return;
    this.lastAsked = performance.now();
    const withTicket = this.withTicket;
    this.withTicket = false;
    const address = new URL(frame.dataset.refresh, location);
    const rows = frame.querySelectorAll(".row-item").length;
    address.searchParams.set("rows", Math.min(mostRows, Math.max(25, Math.ceil(rows / 25) * 25)));
    const number = document.querySelector("[data-ticket-number-value]")?.dataset.ticketNumberValue;
    if (number && withTicket) address.searchParams.set("ticket", number);
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const streams = await fetchStream(address, this.asking.signal);
      const stillHere = document.getElementById("list-frame")?.dataset.refresh === frame.dataset.refresh;
      const sameTicket = document.querySelector("[data-ticket-number-value]")?.dataset.ticketNumberValue === number;
      if (!streams) return;
      if (!stillHere || (withTicket && !sameTicket)) { this.soon(withTicket); return; }
      Turbo.renderStreamMessage(streams);
      this.missed = false;
    } catch (error) {
      if (error.name === "AbortError") { this.withTicket ||= withTicket; return; }
      this.missed = true;
    }
  }

  // New rows glow for a moment; the ones that were there don't move under the reader's hand.
  around(event) {
    const target = partOf(event.target);
    if (!["list-scroll", "sidebar", "comments"].includes(target)) return;
    const render = event.detail.render;
    event.detail.render = async (stream) => {
      const known = new Set([...document.querySelectorAll(".row-item")].map((row) => row.id));
      await render(stream);
      if (target === "list-scroll") {
        document.querySelectorAll(".row-item").forEach((row) => { if (known.size && !known.has(row.id)) row.dataset.fresh = ""; });
        dispatchEvent(new CustomEvent("parlour:listed"));
      }
      if (target === "comments") this.watchSending();
      this.name();
      dispatchEvent(new CustomEvent("parlour:rendered"));
    };
  }

  // A mail that is on its way is looked at again even if nobody tells us.
  watchSending(after = 700) {
    clearTimeout(this.sendingTimer);
    if (!this.isSending || after > 60_000) return;
    this.sendingTimer = setTimeout(() => { this.soon(true); this.watchSending(after * 2); }, after);
  }

  get isSending() { return Boolean(document.querySelector(".message:last-child .delivery.tone-grey")); }

  name() {
    const waiting = Number(document.getElementById("sidebar")?.dataset.waiting ?? 0);
    const bare = document.title.replace(/^\(\d+\) /, "");
    document.title = waiting ? `(${waiting}) ${bare}` : bare;
  }

  say(words) {
    const box = document.querySelector("#connection .connection-words");
    if (!box) return;
    box.hidden = !words;
    box.querySelector("[data-words]").textContent = words;
  }
}
