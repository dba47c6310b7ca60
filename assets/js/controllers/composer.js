import { Controller } from "@hotwired/stimulus";
import { tell } from "../lib/connection.js";
import { drop, keep, recall } from "../lib/drafts.js";
import { Enclosures } from "../lib/enclosures.js";
import { element } from "../lib/icons.js";
import { say } from "../lib/say.js";

const words = { reply: { placeholder: "Write a reply…", send: "Send" }, note: { placeholder: "Write a note for your colleagues…", send: "Add note" } };

// Replies and notes: one field, two ways out. Nothing written here is lost before the server has it.
export default class extends Controller {
  static targets = ["text", "tab", "to", "files", "picker", "send", "sendWords", "seen", "warning", "hint"];
  static values = { key: String, reply: String, note: String };

  connect() {
    this.enclosures = new Enclosures(this.filesTarget);
    const draft = recall(this.keyValue);
    if (draft?.text && !this.textTarget.value) {
      this.mode(draft.mode);
      this.textTarget.value = draft.text;
      this.hintTarget.textContent = "Draft kept";
    }
    this.onSubmit = (event) => this.submitted(event);
    this.onWriters = (event) => this.writers(event.detail);
    this.element.addEventListener("submit", this.onSubmit);
    this.onLeave = () => this.flush();
    addEventListener("parlour:writers", this.onWriters);
    addEventListener("pagehide", this.onLeave);
  }

  disconnect() {
    this.element.removeEventListener("submit", this.onSubmit);
    removeEventListener("parlour:writers", this.onWriters);
    removeEventListener("pagehide", this.onLeave);
    this.stopTyping();
    this.flush();
  }

  switch(event) {
    this.mode(event.currentTarget.dataset.mode);
    this.textTarget.focus();
  }

  mode(mode) {
    if (!words[mode]) return;
    this.element.dataset.mode = mode;
    this.element.action = mode === "note" ? this.noteValue : this.replyValue;
    this.textTarget.placeholder = words[mode].placeholder;
    this.sendWordsTarget.textContent = words[mode].send;
    this.tabTargets.forEach((tab) => tab.setAttribute("aria-selected", tab.dataset.mode === mode));
  }

  typed() {
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.flush(), 400);
    this.hintTarget.textContent = "";
    this.startTyping();
  }

  flush() {
    if (!this.keeping) return;
    clearTimeout(this.keeping);
    this.keeping = null;
    this.keepDraft();
  }

  keepDraft() { keep(this.keyValue, { mode: this.element.dataset.mode, text: this.textTarget.value }); }

  key(event) {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) { event.preventDefault(); this.element.requestSubmit(this.sendTarget); }
  }

  focused() { if (matchMedia("(width < 60rem)").matches) this.element.dataset.focused = ""; }

  blurred() { this.stopTyping(); }

  paste(event) {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    this.enclosures.add(event.clipboardData.files);
  }

  picked() {
    this.enclosures.add(this.pickerTarget.files);
    this.pickerTarget.value = "";
  }

  over(event) {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    this.element.dataset.over = "";
  }

  leave() { delete this.element.dataset.over; }

  drop(event) {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    this.leave();
    this.enclosures.add(event.dataTransfer.files);
  }

  async submitted(event) {
    this.element.querySelector(":popover-open")?.hidePopover();
    if (this.isSending || (!this.textTarget.value.trim() && this.enclosures.isEmpty)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.textTarget.focus();
      return;
    }
    this.seenTarget.value = document.getElementById("comments")?.dataset.last ?? this.seenTarget.value;
    if (!this.enclosures.pending.size) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.hintTarget.textContent = "Waiting for the files…";
    await this.enclosures.whole();
    this.hintTarget.textContent = "";
    this.element.requestSubmit(event.submitter ?? this.sendTarget);
  }

  sending() {
    this.isSending = true;
    this.sendTarget.dataset.busy = "";
    this.keepDraft();
    this.showPending();
  }

  sent(event) {
    this.isSending = false;
    delete this.sendTarget.dataset.busy;
    this.pending?.remove();
    if (!event.detail.success) {
      if (!event.detail.fetchResponse) say("Not sent: the server can't be reached. Your words are kept.", { tone: "error", action: "Try again", run: () => this.element.requestSubmit(this.sendTarget) });
      this.textTarget.focus();
      return;
    }
    this.textTarget.value = "";
    this.element.querySelectorAll("[name=reader]").forEach((reader) => { reader.checked = false; });
    this.enclosures.clear();
    clearTimeout(this.keeping);
    this.keeping = null;
    drop(this.keyValue);
    this.stopTyping();
    this.mode("reply");
    dispatchEvent(new CustomEvent("parlour:changed"));
  }

  // What was sent stands in the conversation at once; the server's own comes in its place.
  showPending() {
    const list = document.getElementById("messages");
    if (!list || !this.textTarget.value.trim()) return;
    this.pending = element("li", `message message-${this.element.dataset.mode === "note" ? "note" : "agent"}`);
    this.pending.dataset.pending = "";
    const card = element("div", "message-card");
    card.append(element("div", "message-head", "Sending…"), element("div", "prose prose-text message-words", this.textTarget.value));
    this.pending.append(element("span", "avatar avatar-empty"), card);
    list.append(this.pending);
    this.pending.scrollIntoView({ block: "end" });
  }

  startTyping() {
    clearTimeout(this.typingEnds);
    this.typingEnds = setTimeout(() => this.stopTyping(), 4000);
    if (this.isTyping) return;
    this.isTyping = true;
    tell("ticket:typing", { id: this.keyValue, typing: true });
  }

  stopTyping() {
    clearTimeout(this.typingEnds);
    if (!this.isTyping) return;
    this.isTyping = false;
    tell("ticket:typing", { id: this.keyValue, typing: false });
  }

  writers({ id, writers }) {
    if (id !== this.keyValue) return;
    this.warningTarget.hidden = !writers.length;
    this.warningTarget.textContent = writers.length ? `${writers.join(" and ")} ${writers.length > 1 ? "are" : "is"} writing on this ticket too.` : "";
  }
}
