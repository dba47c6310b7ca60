import { Controller } from "@hotwired/stimulus";

// A text and the button that copies it; where copying is not allowed there is no button, and the text can be marked.
export default class extends Controller {
  static targets = ["text", "button", "words"];

  connect() { this.buttonTarget.hidden = !navigator.clipboard; }

  disconnect() { clearTimeout(this.later); }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.textTarget.textContent);
      this.say("Copied");
    } catch {
      getSelection().selectAllChildren(this.textTarget);
      this.say("Press Ctrl+C");
    }
  }

  say(words) {
    this.wordsTarget.textContent = words;
    clearTimeout(this.later);
    this.later = setTimeout(() => { this.wordsTarget.textContent = "Copy"; }, 2000);
  }
}
