import { Controller } from "@hotwired/stimulus";

// A text and the button that copies it. Where copying is not allowed the text is marked instead, ready for the keys.
// The button is shown by the style sheet: what a controller reveals, a page that is morphed into itself hides again.
export default class extends Controller {
  static targets = ["text", "words"];

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
