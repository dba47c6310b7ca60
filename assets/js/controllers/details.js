import { Controller } from "@hotwired/stimulus";

// A <details> that behaves as a menu: opens onto its first field, closes when one clicks elsewhere.
export default class extends Controller {
  connect() {
    this.outside = (event) => { if (this.element.open && !this.element.contains(event.target)) this.element.open = false; };
    this.toggled = () => { if (this.element.open) this.element.querySelector("input:not([type=hidden]), select, .menu-item")?.focus({ preventScroll: true }); };
    document.addEventListener("click", this.outside);
    this.element.addEventListener("toggle", this.toggled);
  }

  disconnect() {
    document.removeEventListener("click", this.outside);
    this.element.removeEventListener("toggle", this.toggled);
  }
}
