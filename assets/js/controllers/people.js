import { Controller } from "@hotwired/stimulus";
import { element } from "../lib/icons.js";

// Suggests people we know while an address is typed; choosing one also fills a name field beside it.
export default class extends Controller {
  static targets = ["name"];

  look(event) {
    const field = event.target;
    const known = this.found?.find((person) => person.email === field.value);
    if (known) { if (this.hasNameTarget && !this.nameTarget.value) this.nameTarget.value = known.name; return; }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(field), 160);
  }

  async ask(field) {
    if (field.value.length < 2) return;
    const response = await fetch(`/dashboard/people?q=${encodeURIComponent(field.value)}`, { headers: { Accept: "application/json" } });
    if (!response.ok) return;
    this.found = await response.json();
    const list = document.getElementById("people-found") ?? document.body.appendChild(Object.assign(element("datalist"), { id: "people-found" }));
    list.replaceChildren(...this.found.map((person) => Object.assign(element("option", "", person.name), { value: person.email })));
  }
}
