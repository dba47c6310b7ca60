import { Controller } from "@hotwired/stimulus";

// The organization's colour and name on two small pieces of its portal, while they are being chosen.
export default class extends Controller {
  static targets = ["colour", "title", "sample", "name"];

  connect() { this.show(); }

  show() {
    for (const sample of this.sampleTargets) sample.style.setProperty("--brand", this.colourTarget.value);
    for (const name of this.nameTargets) name.textContent = this.titleTarget.value.trim();
  }
}
