// Keeps what is being written: here at once, with the server a moment later; the copy here goes once it is there.
import { drop, hand, keep } from "./drafts.js";

const pause = 800;

export class Keeper {
  // read() gives the fields as they stand; kept() is told when the server has them.
  constructor(id, address, read, kept) { Object.assign(this, { id, address, read, kept }); }

  touched() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), pause);
    this.keepHere();
  }

  keepHere() { keep(this.id, { address: this.address, fields: this.read() }); }

  flush() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.sync();
  }

  // One at a time, so that an older one never comes last.
  async sync() {
    if (this.syncing) { this.again = true; return; }
    this.syncing = hand(this.address, this.read());
    const isThere = await this.syncing;
    this.syncing = null;
    if (this.again) { this.again = false; this.sync(); return; }
    if (!isThere || this.timer) return;
    drop(this.id);
    this.kept();
  }

  // It is being sent: nothing more of it goes out as a draft.
  rest() {
    clearTimeout(this.timer);
    this.timer = null;
    this.again = false;
  }

  forget() {
    this.rest();
    drop(this.id);
  }
}
