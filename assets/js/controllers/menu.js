import { Controller } from "@hotwired/stimulus";
import { place } from "../lib/place.js";

// A button and its popover of .menu-item elements, walked with the arrow keys.
export default class extends Controller {
  static targets = ["button", "list"];
  static values = { align: { type: String, default: "start" } };

  toggle(event) {
    event?.preventDefault();
    this.listTarget.matches(":popover-open") ? this.close() : this.open();
  }

  open() {
    this.listTarget.showPopover();
    place(this.listTarget, this.buttonTarget, { align: this.alignValue });
    this.buttonTarget.setAttribute("aria-expanded", "true");
    this.items[0]?.focus({ preventScroll: true });
  }

  close() { this.listTarget.hidePopover(); }

  toggled(event) {
    if (event.newState !== "closed") return;
    this.buttonTarget.setAttribute("aria-expanded", "false");
    if (this.listTarget.contains(document.activeElement)) this.buttonTarget.focus({ preventScroll: true });
  }

  key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const at = this.items.indexOf(document.activeElement);
    if (event.key in steps) {
      event.preventDefault();
      this.items.at((at + steps[event.key]) % this.items.length)?.focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
      this.buttonTarget.focus({ preventScroll: true });
    }
  }

  get items() { return [...this.listTarget.querySelectorAll(".menu-item")]; }
}
