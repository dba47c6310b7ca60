import { Controller } from "@hotwired/stimulus";

// A form with files: shows what was chosen, sends with Ctrl/Cmd+Enter, and can't be sent twice.
export default class extends Controller {
  static targets = ["input", "files", "submit"];

  chosen() {
    if (!this.hasFilesTarget) return;
    this.filesTarget.replaceChildren(...[...this.inputTarget.files].map((file) => {
      const chip = Object.assign(document.createElement("span"), { className: "attachment" });
      chip.append(Object.assign(document.createElement("span"), { className: "truncate", textContent: file.name }));
      return chip;
    }));
  }

  key(event) {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) { event.preventDefault(); this.element.requestSubmit(); }
  }

  busy() { this.submitTargets.forEach((button) => { button.dataset.busy = ""; button.setAttribute("aria-disabled", "true"); }); }

  idle() { this.submitTargets.forEach((button) => { delete button.dataset.busy; button.removeAttribute("aria-disabled"); }); }
}
