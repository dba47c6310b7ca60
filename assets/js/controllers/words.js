import { Controller } from "@hotwired/stimulus";

// Where words are written: the server shows what they would be while one types, and nothing unsaved is left unasked.
export default class extends Controller {
  static targets = ["form", "preview", "hint"];
  static values = { url: String };

  connect() {
    this.leave = (event) => {
      if (!this.isDirty) return;
      if (event.type === "beforeunload" || !confirm("Leave without saving?")) event.preventDefault();
    };
    addEventListener("beforeunload", this.leave);
    addEventListener("turbo:before-visit", this.leave);
  }

  disconnect() {
    clearTimeout(this.timer);
    removeEventListener("beforeunload", this.leave);
    removeEventListener("turbo:before-visit", this.leave);
  }

  typed(event) {
    // Choosing another ticket for the preview changes nothing that could be lost.
    if (event.target.name !== "ticket") { this.isDirty = true; this.hint("Not saved yet"); }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.preview(), 250);
  }

  saved() { this.isDirty = false; }

  insert(event) {
    const field = this.formTarget.querySelector("textarea[name=text]");
    const words = event.currentTarget.dataset.placeholder;
    field.focus();
    if (document.execCommand("insertText", false, words)) return;
    field.setRangeText(words, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Only the answer to what was typed last counts.
  async preview() {
    const asked = this.asked = Symbol();
    try {
      const body = new URLSearchParams(new FormData(this.formTarget));
      const response = await fetch(this.urlValue, { method: "POST", body, headers: { "X-Preview": "1" } });
      if (!response.ok) throw new Error(response.statusText);
      const shown = await response.text();
      if (this.asked === asked) this.previewTarget.innerHTML = shown;
    } catch {
      if (this.asked === asked) this.hint("The server can’t be reached: this preview is older than your words.");
    }
  }

  hint(words) { if (this.hasHintTarget) this.hintTarget.textContent = words; }
}
