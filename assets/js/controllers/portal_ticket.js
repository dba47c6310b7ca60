import { Controller } from "@hotwired/stimulus";
import * as Turbo from "@hotwired/turbo";

// A customer's open ticket: when an answer comes it appears, and what was being written stays.
export default class extends Controller {
  static values = { id: String };

  async connect() {
    // Loaded only here: the rest of the portal does without a socket.
    const { io } = await import("socket.io-client");
    if (!this.element.isConnected || this.socket) return;
    this.socket = io({ path: "/api/socket", transports: ["websocket"] });
    this.socket.on("connect", () => {
      this.socket.emit("ticket:join", { id: this.idValue }, () => { this.element.dataset.live = ""; });
      // What happened while the line was down.
      if (this.wasConnected) this.refresh();
      this.wasConnected = true;
    });
    this.socket.on("ticket:updated", ({ id }) => { if (id === this.idValue) this.refresh(); });
  }

  disconnect() {
    this.socket?.disconnect();
    this.socket = null;
    clearTimeout(this.soon);
  }

  // The form outlives a refresh, so it is emptied only when its words have arrived.
  sent({ target, detail }) {
    if (!detail.success) return;
    target.reset();
    target.querySelectorAll("input[type=file]").forEach((input) => input.dispatchEvent(new Event("change")));
  }

  refresh() {
    // One answer may change several things at once.
    clearTimeout(this.soon);
    this.soon = setTimeout(() => Turbo.visit(location.href.split("#")[0], { action: "replace" }), 150);
  }
}
