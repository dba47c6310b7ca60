import { Controller } from "@hotwired/stimulus";
import * as Turbo from "@hotwired/turbo";

// Which pane is in front on a phone, which row is current, and the way back from a ticket to its list.
export default class extends Controller {
  static targets = ["ticket", "list"];

  connect() {
    this.onFrame = (event) => this.framed(event.target);
    this.onListed = () => this.mark();
    this.onClick = (event) => this.clicked(event);
    addEventListener("turbo:frame-load", this.onFrame);
    addEventListener("parlour:listed", this.onListed);
    document.addEventListener("click", this.onClick);
    this.organization = document.title.split(" · ").at(-1);
  }

  disconnect() {
    removeEventListener("turbo:frame-load", this.onFrame);
    removeEventListener("parlour:listed", this.onListed);
    document.removeEventListener("click", this.onClick);
  }

  framed(frame) {
    if (frame.id === "ticket") {
      this.show("ticket");
      delete this.element.dataset.side;
      this.mark();
      const subject = document.getElementById("ticket-subject")?.textContent;
      if (subject) document.title = `#${this.number} ${subject} · ${this.organization}`;
    } else if (frame.id === "list") {
      const list = document.getElementById("list-frame");
      document.title = `${list.dataset.title} · ${this.organization}`;
      document.querySelectorAll(".view[data-view]").forEach((view) => {
        view.dataset.view === list.dataset.place ? view.setAttribute("aria-current", "page") : view.removeAttribute("aria-current");
      });
      this.mark();
    }
    dispatchEvent(new CustomEvent("parlour:rendered"));
  }

  mark() {
    const number = this.number;
    document.querySelectorAll(".ticket-row").forEach((row) => {
      row.dataset.number === number ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current");
    });
  }

  back(event) {
    const list = document.getElementById("list-frame");
    const empty = document.getElementById("no-ticket");
    if (!list || !empty || !this.hasTicketTarget) return;
    event?.preventDefault();
    const number = this.number;
    this.ticketTarget.removeAttribute("src");
    this.ticketTarget.removeAttribute("complete");
    this.ticketTarget.replaceChildren(empty.content.cloneNode(true));
    Turbo.session.history.push(new URL(list.dataset.path, location));
    document.title = `${list.dataset.title} · ${this.organization}`;
    this.mark();
    this.show("list");
    document.querySelector(`#row-${number} .ticket-row`)?.focus({ preventScroll: true });
  }

  views() { this.show(this.element.dataset.pane === "views" ? "list" : "views"); }

  side(event) {
    event.preventDefault();
    "side" in this.element.dataset ? delete this.element.dataset.side : (this.element.dataset.side = "");
  }

  clicked(event) {
    if (this.element.dataset.pane !== "views" || event.target.closest("#sidebar, .menu-button")) return;
    event.preventDefault();
    this.show("list");
  }

  show(pane) { this.element.dataset.pane = pane; }

  get number() { return document.querySelector("[data-ticket-number-value]")?.dataset.ticketNumberValue; }
}
