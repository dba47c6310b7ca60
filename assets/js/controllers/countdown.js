import { Controller } from "@hotwired/stimulus";

// Seconds that remain, as of when the server wrote them; the clocks of both need not agree.
export default class extends Controller {
  static values = { seconds: Number };

  secondsValueChanged() {
    this.end = performance.now() + this.secondsValue * 1000;
    this.show();
  }

  connect() { this.timer = setInterval(() => this.show(), 500); }

  disconnect() { clearInterval(this.timer); }

  show() {
    const left = Math.max(0, Math.ceil((this.end - performance.now()) / 1000));
    const words = left ? `in ${left} s` : "in a moment";
    if (this.element.textContent !== words) this.element.textContent = words;
  }
}
