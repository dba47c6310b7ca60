import { Controller } from "@hotwired/stimulus";
import { element } from "../lib/icons.js";
import { place } from "../lib/place.js";
import { say } from "../lib/say.js";

let count = 0;

// Templates beside the composer (the combobox pattern of ARIA): type, arrow, Enter. The server finds and fills them.
export default class extends Controller {
  static targets = ["button"];
  static values = { url: String };

  connect() {
    this.form = this.element.closest("form");
    this.hear = (event) => { if (event.key === "/" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.toggle(); } };
    this.form.addEventListener("keydown", this.hear);
  }

  disconnect() {
    this.form.removeEventListener("keydown", this.hear);
    this.close();
  }

  get field() { return this.form.querySelector("textarea"); }

  toggle(event) {
    event?.preventDefault();
    this.list ? this.close() : this.open();
  }

  open() {
    const id = `templates-${++count}`;
    this.list = element("div", "popover picker-list templates-list");
    this.list.popover = "auto";
    this.input = Object.assign(element("input"), { type: "text", placeholder: "Find a template…", autocomplete: "off", maxLength: 100 });
    const roles = { role: "combobox", "aria-expanded": "true", "aria-controls": id, "aria-autocomplete": "list", "aria-label": "Find a template" };
    Object.entries(roles).forEach(([name, value]) => this.input.setAttribute(name, value));
    this.box = Object.assign(element("div", "picker-options"), { id });
    this.box.setAttribute("role", "listbox");
    this.box.setAttribute("aria-label", "Templates");
    this.list.append(this.input, this.box);
    this.input.addEventListener("input", () => { clearTimeout(this.timer); this.isBehind = true; this.timer = setTimeout(() => { this.timer = null; this.find(); }, 120); });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("toggle", (event) => { if (event.newState === "closed") this.closed(); });
    this.box.addEventListener("pointermove", (event) => this.point(event.target.closest("[role=option]")));
    this.box.addEventListener("click", (event) => this.pick(event.target.closest("[role=option]")));
    (document.querySelector("main") ?? document.body).append(this.list);
    this.list.showPopover();
    this.note("Looking…");
    this.buttonTarget.setAttribute("aria-expanded", "true");
    this.input.focus({ preventScroll: true });
    this.find();
  }

  // Only the answer to what was asked last counts.
  async find() {
    const asked = this.asked = Symbol();
    const list = this.list;
    try {
      const response = await fetch(`${this.urlValue}?q=${encodeURIComponent(this.input.value.trim())}`, { headers: { "X-Menu": "1" } });
      if (!response.ok) throw new Error(response.statusText);
      const rows = await response.text();
      if (this.asked !== asked || this.list !== list) return;
      this.box.innerHTML = rows;
      this.isBehind = Boolean(this.timer);
      this.point(this.items[0]);
      this.place();
    } catch {
      if (this.asked === asked && this.list === list) this.note("The server can’t be reached. Type to try again.");
    }
    if (this.wantsFirst && this.asked === asked) { this.wantsFirst = false; this.pick(this.active); }
  }

  note(words) {
    this.box.replaceChildren(element("p", "picker-empty", words));
    this.input.removeAttribute("aria-activedescendant");
    this.place();
  }

  // Above the composer, so that what was written stays in sight.
  place() { place(this.list, this.form); }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.items.length) { event.preventDefault(); this.point(this.items.at((this.items.indexOf(this.active) + step) % this.items.length)); }
    else if (event.key === "Enter") { event.preventDefault(); this.choose(); }
    else if (event.key === "Escape" || event.key === "Tab" || (event.key === "/" && (event.ctrlKey || event.metaKey))) { event.preventDefault(); event.stopPropagation(); this.close(); }
  }

  // Whoever types quickly presses Enter before the rows for their words are there.
  choose() {
    if (!this.isBehind) { this.pick(this.active); return; }
    clearTimeout(this.timer);
    this.timer = null;
    this.wantsFirst = true;
    this.find();
  }

  point(item) {
    if (!item) { this.input.removeAttribute("aria-activedescendant"); return; }
    this.items.forEach((other) => { delete other.dataset.active; other.setAttribute("aria-selected", other === item); });
    item.dataset.active = "";
    this.input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }

  async pick(item) {
    if (!item) return;
    this.close();
    const field = this.field;
    try {
      const response = await fetch(`${this.urlValue}/${item.dataset.template}`, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(response.statusText);
      this.insert(field, (await response.json()).text);
    } catch {
      say("Not inserted: the server can’t be reached.", { tone: "error", action: "Try again", run: () => this.pick(item) });
    }
  }

  // As typing does it, so that it can be undone; and the composer hears of it.
  insert(field, text) {
    field.focus();
    if (document.execCommand("insertText", false, text)) return;
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  close() {
    if (!this.list) return;
    this.list.hidePopover();
    this.closed();
  }

  closed() {
    if (!this.list) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.isBehind = this.wantsFirst = false;
    this.list.remove();
    this.list = null;
    this.buttonTarget.setAttribute("aria-expanded", "false");
    this.field.focus({ preventScroll: true });
  }

  get items() { return [...this.box.querySelectorAll("[role=option]")]; }

  get active() { return this.box.querySelector("[data-active]"); }
}
