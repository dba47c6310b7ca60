import { Controller } from "@hotwired/stimulus";

const goes = { m: "mine", u: "unassigned", o: "unresolved", p: "pending", r: "resolved", a: "all" };

// Single keys. Each names an element by data-shortcut; a field gets the focus, anything else a click.
export default class extends Controller {
  connect() {
    this.hear = (event) => this.key(event);
    document.addEventListener("keydown", this.hear);
  }

  disconnect() { document.removeEventListener("keydown", this.hear); }

  key(event) {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open], [popover]:popover-open")) return;
    if (event.key === "Escape") { this.escape(event); return; }
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    if (this.going) { this.go(event); return; }
    const keys = { j: () => this.move(1), k: () => this.move(-1), g: () => this.startGoing(), "?": () => document.getElementById("help")?.showModal() };
    const act = keys[event.key] ?? this.actOn(event.key);
    if (act) { event.preventDefault(); act(); }
  }

  actOn(key) {
    if (!/^[a-zA-Z/]$/.test(key)) return null;
    const all = [...document.querySelectorAll(`[data-shortcut="${key}"]`)];
    const found = all.find((element) => element.checkVisibility()) ?? all[0];
    if (!found) return null;
    return () => {
      if (!found.checkVisibility({ visibilityProperty: true }) && found.closest(".ticket-side")) this.element.dataset.side = "";
      if (found.matches("input, textarea")) { found.focus(); found.select(); } else found.click();
    };
  }

  move(step) {
    const rows = [...document.querySelectorAll(".ticket-row")];
    if (!rows.length) return;
    const focused = rows.indexOf(document.activeElement);
    const at = focused >= 0 ? focused : rows.findIndex((row) => row.hasAttribute("aria-current"));
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    // With a ticket open, moving through the list opens the next one, as reading mail does.
    if (document.querySelector("[data-ticket-number-value]") && matchMedia("(width >= 60rem)").matches) {
      clearTimeout(this.opening);
      this.opening = setTimeout(() => { if (document.activeElement === next) next.click(); }, 120);
    }
  }

  startGoing() {
    this.going = true;
    setTimeout(() => { this.going = false; }, 1200);
  }

  go(event) {
    this.going = false;
    const view = goes[event.key];
    const link = view && document.querySelector(`.view[data-view="${view}"]`);
    if (link) { event.preventDefault(); link.click(); }
  }

  escape(event) {
    const field = event.target.closest?.("input, textarea, select");
    if (field) { field.blur(); event.preventDefault(); return; }
    const details = document.querySelector("details[data-controller~=details][open]");
    if (details) { details.open = false; return; }
    if ("side" in this.element.dataset) { delete this.element.dataset.side; return; }
    if (this.element.dataset.pane === "views") { this.element.dataset.pane = "list"; return; }
    document.querySelector("#ticket-head .back")?.click();
  }
}
