import { Controller } from "@hotwired/stimulus";

// Short messages that leave by themselves; say(…) shows one from anywhere, with an optional way back.
export default class extends Controller {
  static targets = ["toast"];

  connect() {
    this.hear = (event) => this.show(event.detail);
    addEventListener("parlour:say", this.hear);
  }

  disconnect() { removeEventListener("parlour:say", this.hear); }

  toastTargetConnected(toast) {
    const stay = toast.dataset.stay ? toast.dataset.stay * 1000 : toast.querySelector("button") ? 8000 : 4500;
    setTimeout(() => { toast.dataset.leaving = ""; setTimeout(() => toast.remove(), 250); }, stay);
  }

  show({ text, tone = "done", action, run }) {
    const toast = document.createElement("div");
    toast.className = `toast toast-${tone}`;
    toast.dataset.toastsTarget = "toast";
    toast.append(Object.assign(document.createElement("span"), { textContent: text }));
    if (action) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: action });
      button.addEventListener("click", () => { run(); toast.remove(); });
      toast.append(button);
    }
    this.element.append(toast);
  }
}
