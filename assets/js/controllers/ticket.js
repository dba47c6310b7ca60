import { Controller } from "@hotwired/stimulus";
import { connection, hear, tell } from "../lib/connection.js";
import { element } from "../lib/icons.js";
import { partOf, since } from "../lib/requests.js";

const near = 120;

// The open ticket: keeps the newest message in view, and shows who else is here.
export default class extends Controller {
  static targets = ["scroll", "newer"];
  static values = { id: String, number: Number, place: String };

  connect() {
    this.toEnd();
    this.cleanUps = [
      hear("ticket:viewers", (event) => this.viewers(event)),
      hear("connect", () => this.join()),
    ];
    this.onRender = (event) => this.around(event);
    this.onScroll = () => { if (this.isAtEnd) this.newerTarget.hidden = true; };
    this.onFetch = (event) => Object.assign(event.detail.fetchOptions.headers, since());
    this.onFrame = (event) => this.unfolded(event.target);
    addEventListener("turbo:before-stream-render", this.onRender);
    this.element.addEventListener("turbo:before-fetch-request", this.onFetch);
    this.element.addEventListener("turbo:frame-load", this.onFrame);
    this.scrollTarget.addEventListener("scroll", this.onScroll, { passive: true });
    // A picture that arrives late must not push the newest words out of view.
    this.scrollTarget.addEventListener("load", () => { if (this.stuck) this.toEnd(); }, true);
    connection().then(() => this.join());
  }

  disconnect() {
    this.cleanUps.forEach((cleanUp) => cleanUp());
    removeEventListener("turbo:before-stream-render", this.onRender);
    tell("ticket:leave", { id: this.idValue });
    document.getElementById("viewers")?.replaceChildren();
  }

  // Earlier messages appear above; what is being read stays where it is, and news don't fold them up again, nor hide
  // the pictures that somebody asked for.
  unfolded(frame) {
    if (frame.matches(".earlier, .message-frame")) frame.dataset.turboPermanent = "";
  }

  join() { tell("ticket:join", { id: this.idValue }); }

  around(event) {
    if (partOf(event.target) !== "comments") return;
    const render = event.detail.render;
    event.detail.render = async (stream) => {
      const wasAtEnd = this.isAtEnd;
      const before = this.ids;
      await render(stream);
      const fresh = [...this.ids].filter((id) => !before.has(id));
      fresh.forEach((id) => { document.getElementById(id).dataset.fresh = ""; });
      if (!fresh.length) return;
      if (wasAtEnd) this.toEnd(true);
      else this.newerTarget.hidden = false;
    };
  }

  latest() {
    this.newerTarget.hidden = true;
    this.toEnd(true);
  }

  toEnd(smoothly = false) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.scrollTarget.scrollTo({ top: this.scrollTarget.scrollHeight, behavior: smoothly && !calm ? "smooth" : "instant" });
    this.stuck = true;
    setTimeout(() => { this.stuck = false; }, 1500);
  }

  viewers({ id, viewers = [], typing = [] }) {
    if (id !== this.idValue) return;
    const me = document.body.dataset.liveMeValue;
    const others = viewers.filter((viewer) => viewer.id !== me);
    const writing = new Set(typing.map((one) => one.id ?? one));
    const box = document.getElementById("viewers");
    if (!box) return;
    box.replaceChildren(...others.slice(0, 3).map((viewer) => {
      const words = writing.has(viewer.id) ? `${viewer.name} is writing` : `${viewer.name} is here`;
      return element("span", writing.has(viewer.id) ? "viewer typing" : "viewer", words);
    }));
    const writers = others.filter((viewer) => writing.has(viewer.id)).map((viewer) => viewer.name);
    dispatchEvent(new CustomEvent("parlour:writers", { detail: { id, writers } }));
  }

  get isAtEnd() {
    const box = this.scrollTarget;
    return box.scrollHeight - box.scrollTop - box.clientHeight < near;
  }

  get ids() { return new Set([...document.querySelectorAll("#messages .message:not([data-pending])")].map((message) => message.id)); }
}
