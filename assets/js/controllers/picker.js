import { Controller } from "@hotwired/stimulus";
import { element, icon } from "../lib/icons.js";
import { place } from "../lib/place.js";

let count = 0;

// A select as a searchable menu (the combobox pattern of ARIA): type, arrow, Enter. Several can be ticked where the
// select is multiple, and a new one made.
export default class extends Controller {
  static targets = ["button", "select"];
  static values = { label: String, multiple: Boolean };

  disconnect() { this.close(); }

  toggle() { this.list ? this.close() : this.open(); }

  open() {
    // Copies: news may redraw the form while the menu is open. The server's word counts, whatever was touched before.
    this.options = [...this.selectTarget.options].map((option) => option.cloneNode(true));
    this.options.forEach((option) => { option.selected = option.defaultSelected; });
    this.before = this.chosen;
    this.build();
    (document.querySelector("main") ?? document.body).append(this.list);
    this.list.showPopover();
    place(this.list, this.buttonTarget);
    this.buttonTarget.setAttribute("aria-expanded", "true");
    this.filter();
    this.input.focus({ preventScroll: true });
  }

  build() {
    const id = `picker-list-${++count}`;
    this.list = element("div", "popover picker-list");
    this.list.popover = "auto";
    this.input = Object.assign(element("input"), { type: "text", placeholder: this.multipleValue ? "Find or create…" : `${this.labelValue}…`, autocomplete: "off" });
    const roles = { role: "combobox", "aria-expanded": "true", "aria-controls": id, "aria-autocomplete": "list", "aria-label": this.labelValue };
    Object.entries(roles).forEach(([name, value]) => this.input.setAttribute(name, value));
    this.box = Object.assign(element("div", "picker-options"), { id });
    this.box.setAttribute("role", "listbox");
    this.box.setAttribute("aria-label", this.labelValue);
    if (this.multipleValue) this.box.setAttribute("aria-multiselectable", "true");
    this.list.append(this.input, this.box);
    this.input.addEventListener("input", () => this.filter());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("toggle", (event) => { if (event.newState === "closed") this.closed(); });
    this.box.addEventListener("pointermove", (event) => this.point(event.target.closest("[role=option]")));
    this.box.addEventListener("click", (event) => this.pick(event.target.closest("[role=option]")));
  }

  filter() {
    const wanted = this.input.value.trim().toLowerCase();
    const found = this.options.filter((option) => option.text.toLowerCase().includes(wanted));
    const items = found.map((option) => this.item(option));
    const isNew = this.multipleValue && wanted && !this.options.some((option) => option.text.toLowerCase() === wanted);
    if (isNew) items.push(this.newItem(this.input.value.trim()));
    this.box.replaceChildren(...(items.length ? items : [element("p", "picker-empty", "Nothing of that name")]));
    const current = items.find((item) => item.getAttribute("aria-selected") === "true");
    this.point((!wanted && !this.multipleValue && current) || items[0]);
  }

  item(option) {
    const item = element("div", "menu-item");
    item.setAttribute("role", "option");
    item.id = `${this.box.id}-${this.options.indexOf(option)}`;
    item.option = option;
    item.setAttribute("aria-selected", option.selected);
    const tick = icon("check", "check");
    item.append(this.look(option), tick);
    return item;
  }

  newItem(name) {
    const item = element("div", "menu-item");
    item.setAttribute("role", "option");
    item.id = `${this.box.id}-new`;
    item.newName = name;
    item.append(icon("plus"), element("span", "truncate", `Create “${name}”`));
    return item;
  }

  look(option) {
    const look = element("span", option.dataset.look ?? "row");
    if (option.dataset.icon) look.append(icon(option.dataset.icon));
    if (option.dataset.person) look.append(element("span", `avatar avatar-tiny hue-${option.dataset.hue}`, option.dataset.initials));
    if ("person" in option.dataset && !option.dataset.person) look.append(element("span", "avatar avatar-empty avatar-tiny"));
    look.append(element("span", option.dataset.tag ? `tag ${option.dataset.tag}` : "truncate", option.text));
    return look;
  }

  key(event) {
    const items = [...this.box.querySelectorAll("[role=option]")];
    const at = items.findIndex((item) => "active" in item.dataset);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); this.point(items.at((at + step) % items.length)); }
    else if (event.key === "Enter") { event.preventDefault(); this.pick(items[at]); }
    else if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); event.stopPropagation(); this.close(); }
  }

  point(item) {
    if (!item) { this.input.removeAttribute("aria-activedescendant"); return; }
    this.box.querySelectorAll("[data-active]").forEach((other) => { delete other.dataset.active; });
    item.dataset.active = "";
    this.input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }

  pick(item) {
    if (!item) return;
    const option = item.option ?? this.add(item.newName);
    if (this.multipleValue) {
      option.selected = !option.selected;
      this.input.value = "";
      this.filter();
      this.point([...this.box.children].find((child) => child.option === option));
    } else {
      this.options.forEach((other) => { other.selected = other === option; });
      this.close();
    }
  }

  add(name) {
    const option = new Option(name, name);
    option.dataset.tag = "tint-grey";
    this.options.push(option);
    return option;
  }

  // At once, not with the event that follows later: the next key is already on its way.
  close() {
    if (!this.list) return;
    this.list.hidePopover();
    this.closed();
  }

  closed() {
    if (!this.list) return;
    this.list.remove();
    this.list = null;
    this.buttonTarget.setAttribute("aria-expanded", "false");
    this.buttonTarget.focus({ preventScroll: true });
    if (this.chosen.join("\n") === this.before.join("\n")) return;
    // Shown at once; the server's answer replaces it, or puts it back.
    this.buttonTarget.replaceChildren(...this.options.filter((option) => option.selected).map((option) => this.look(option)));
    this.apply();
    this.element.requestSubmit();
  }

  apply() {
    const chosen = this.chosen;
    const known = [...this.selectTarget.options].map((option) => option.value);
    chosen.filter((value) => !known.includes(value)).forEach((value) => this.selectTarget.add(new Option(value, value)));
    [...this.selectTarget.options].forEach((option) => { option.selected = chosen.includes(option.value); });
  }

  get chosen() { return this.options.filter((option) => option.selected).map((option) => option.value); }
}
