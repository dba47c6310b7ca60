import { Controller } from "@hotwired/stimulus";

// A <dialog>; any element with data-opens="its id" opens it.
export default class extends Controller {
  connect() {
    this.opener = (event) => {
      const wish = event.target.closest?.(`[data-opens="${this.element.id}"]`);
      if (wish) { event.preventDefault(); this.open(); }
    };
    document.addEventListener("click", this.opener);
  }

  disconnect() {
    document.removeEventListener("click", this.opener);
    if (this.element.open) this.element.close();
  }

  open() { if (!this.element.open) this.element.showModal(); }

  close() { this.element.close(); }

  backdrop(event) { if (event.target === this.element) this.close(); }
}
