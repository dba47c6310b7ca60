import { Controller } from "@hotwired/stimulus";

// Dropping files on a label is the same as choosing them.
export default class extends Controller {
  static targets = ["input"];

  over(event) { event.preventDefault(); this.element.dataset.over = ""; }

  leave() { delete this.element.dataset.over; }

  drop(event) {
    event.preventDefault();
    this.leave();
    this.inputTarget.files = event.dataTransfer.files;
    this.inputTarget.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
