// Tells the others that somebody is writing, and when they have stopped.
import { tell } from "./connection.js";

export class Typing {
  constructor(id) { this.id = id; }

  start() {
    clearTimeout(this.ends);
    this.ends = setTimeout(() => this.stop(), 4000);
    if (this.isTyping) return;
    this.isTyping = true;
    tell("ticket:typing", { id: this.id, typing: true });
  }

  stop() {
    clearTimeout(this.ends);
    if (!this.isTyping) return;
    this.isTyping = false;
    tell("ticket:typing", { id: this.id, typing: false });
  }
}
