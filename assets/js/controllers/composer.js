import { Controller } from "@hotwired/stimulus";
import { fetchDraft, recall } from "../lib/drafts.js";
import { begin, offer } from "../composing/moments.js";
import { Enclosures } from "../lib/enclosures.js";
import { element } from "../lib/icons.js";
import { Keeper } from "../lib/keeper.js";
import { notice, saidSince } from "../lib/news.js";
import { showPending } from "../lib/pending.js";
import { say } from "../lib/say.js";
import { Typing } from "../lib/typing.js";

const words = { reply: { placeholder: "Write a reply…", send: "Send" }, note: { placeholder: "Write a note for your colleagues…", send: "Add note" } };

// Replies and notes: one field, two ways out. Nothing written here is lost before the server has it.
export default class extends Controller {
  static targets = ["text", "tab", "files", "picker", "send", "sendWords", "seen", "warning", "hint", "recipients", "circle", "newer", "newerBox", "later", "laterButton", "moments", "moment", "unless"];
  static values = { key: String, number: Number, reply: String, note: String };

  connect() {
    this.enclosures = new Enclosures(this.filesTarget);
    this.typing = new Typing(this.keyValue);
    this.keeper = new Keeper(this.keyValue, `${this.address}/draft`, () => this.fields, () => { if (!this.isEmpty) this.hintTarget.textContent = "Draft kept"; });
    this.mode(this.element.dataset.mode);
    this.circle = document.getElementById("comments")?.dataset.circle;
    import("../composing/recipients.js").then(({ Recipients }) => this.dress(Recipients));
    this.restoreLocal();
    const listeners = [
      [this.element, "submit", (event) => this.submitted(event)],
      [this.element, "enclosures:change", () => this.touched()],
      [window, "parlour:writers", (event) => this.writers(event.detail)],
      [window, "parlour:rendered", () => this.lookForNews()],
      [window, "parlour:leaving", () => this.keeper.flush()],
      [window, "pagehide", () => this.keeper.flush()],
      [window, "online", () => { if (!this.isEmpty) this.keeper.sync(); }],
      [document, "turbo:submit-end", (event) => this.returned(event)],
    ];
    listeners.forEach(([where, name, hear]) => where.addEventListener(name, hear));
    this.quiet = () => listeners.forEach(([where, name, hear]) => where.removeEventListener(name, hear));
  }

  disconnect() {
    this.quiet();
    this.typing.stop();
    this.keeper.flush();
  }

  dress(Recipients) {
    if (!this.element.isConnected || this.recipients) return;
    this.recipients = new Recipients(this.recipientsTarget, `${this.address}/recipients`, () => { this.touched(); this.showCircle(); });
    if (this.waiting) this.recipients.set(this.waiting);
    this.showCircle();
  }

  // What this browser still has is what the server never got.
  restoreLocal() {
    const draft = recall(this.keyValue);
    if (!draft?.fields) return;
    this.fill({ mode: draft.fields.mode, text: draft.fields.body, seen: draft.fields.seen, recipients: "to" in draft.fields ? draft.fields : null });
    this.keeper.sync();
  }

  fill({ mode, text, seen, recipients, files = [] }) {
    this.mode(mode);
    this.textTarget.value = text;
    if (seen) this.seenTarget.value = seen;
    this.waiting = recipients;
    if (recipients) this.recipients?.set(recipients);
    files.forEach((file) => this.enclosures.show(file));
    this.hintTarget.textContent = "Draft kept";
    this.showCircle();
  }

  switch(event) {
    this.mode(event.currentTarget.dataset.mode);
    this.textTarget.focus();
    if (!this.isEmpty) this.touched();
  }

  mode(mode) {
    if (!words[mode]) return;
    this.element.dataset.mode = mode;
    this.element.action = mode === "note" ? this.noteValue : this.replyValue;
    this.textTarget.placeholder = words[mode].placeholder;
    this.sendWordsTarget.textContent = words[mode].send;
    this.tabTargets.forEach((tab) => tab.setAttribute("aria-selected", tab.dataset.mode === mode));
  }

  // To everyone on the ticket, or to the one who asked only: one button shows both, and where one stands.
  narrow() {
    const { recipients } = this;
    if (!recipients) return;
    this.mode("reply");
    recipients.set(recipients.isNarrow ? recipients.everyone : { ...recipients.everyone, to: recipients.everyone.to.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)[0], cc: "" });
    this.touched();
    this.showCircle();
    this.textTarget.focus();
  }

  showCircle() {
    const { recipients } = this;
    this.circleTarget.hidden = !recipients || recipients.circle.length < 2;
    if (!this.circleTarget.hidden) this.circleTarget.textContent = recipients.isNarrow ? `Reply to all ${recipients.circle.length}` : `Reply only to ${recipients.first.name || recipients.first.email}`;
  }

  typed() {
    this.typing.start();
    this.touched();
  }

  touched() {
    this.hintTarget.textContent = "";
    this.keeper.touched();
  }

  get fields() {
    const form = new FormData(this.element);
    const fields = { mode: this.element.dataset.mode, body: this.textTarget.value, seen: this.seenTarget.value, attachment: form.getAll("attachment") };
    if (this.recipients && !this.recipients.isUsual) ["to", "cc", "bcc"].forEach((kind) => { fields[kind] = form.get(kind); });
    return fields;
  }

  key(event) {
    const isCommand = event.metaKey || event.ctrlKey;
    if (event.key === "Enter" && isCommand) {
      event.preventDefault();
      if (event.shiftKey && this.element.dataset.mode === "reply") this.laterButtonTarget.click();
      else this.element.requestSubmit(this.sendTarget);
    } else if (event.key === "z" && isCommand && this.isEmpty) {
      const undo = document.querySelector("[data-restores=focus] button[data-shortcut=z]");
      if (undo) { event.preventDefault(); undo.click(); }
    }
  }

  focused() { if (matchMedia("(width < 60rem)").matches) this.element.dataset.focused = ""; }

  blurred() { this.typing.stop(); }

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

  moments() {
    offer(this.momentsTarget);
    begin(this.momentTarget);
  }

  later(event) {
    event.preventDefault();
    const at = new Date(this.momentTarget.value);
    if (Number.isNaN(at.getTime()) || at <= new Date()) {
      this.momentTarget.setCustomValidity("Choose a day and a time that are still to come.");
      this.momentTarget.reportValidity();
      this.momentTarget.setCustomValidity("");
      return;
    }
    this.submitAs({ name: "send_at", value: at.toISOString() });
  }

  async submitted(event) {
    this.element.querySelector(":popover-open")?.hidePopover();
    if (this.isSending || this.isEmpty) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.textTarget.focus();
      return;
    }
    this.keeper.rest();
    if (!this.enclosures.pending.size && !this.keeper.syncing) return;
    // Files first; and a draft on its way must not arrive after the reply that it became.
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    if (this.enclosures.pending.size) this.hintTarget.textContent = "Waiting for the files…";
    await Promise.all([this.enclosures.whole(), this.keeper.syncing]);
    this.hintTarget.textContent = "";
    this.submitAs(submitter);
  }

  // The button may be gone by now; what it says is not.
  submitAs(submitter) {
    const stands = submitter && Object.assign(element("button"), { name: submitter.name, value: submitter.value, hidden: true });
    if (stands) this.element.append(stands);
    this.element.requestSubmit(stands ?? this.sendTarget);
    stands?.remove();
  }

  sending() {
    this.isSending = this.hasAsked = true;
    this.sendTarget.dataset.busy = "";
    this.keeper.keepHere();
    this.pending = showPending(this.element.dataset.mode, this.textTarget.value);
  }

  sent(event) {
    if (event.target !== this.element) return;
    this.isSending = false;
    delete this.sendTarget.dataset.busy;
    this.pending?.remove();
    if (!event.detail.success) {
      if (!event.detail.fetchResponse) say("Not sent: the server can't be reached. Your words are kept.", { tone: "error", action: "Try again", run: () => this.element.requestSubmit(this.sendTarget) });
      // The server has kept what it refused.
      else if (event.detail.fetchResponse.statusCode < 500) this.keeper.forget();
      if (!this.hasNewerTarget) this.textTarget.focus();
      return;
    }
    this.clear();
    dispatchEvent(new CustomEvent("parlour:changed"));
  }

  clear() {
    this.textTarget.value = "";
    this.element.querySelectorAll("[name=reader], [name=unless_answered]").forEach((box) => { box.checked = false; });
    this.enclosures.clear();
    this.newerBoxTarget.replaceChildren();
    this.hintTarget.textContent = "";
    this.waiting = this.hasAsked = null;
    this.keeper.forget();
    this.typing.stop();
    this.mode("reply");
    this.recipients?.set(this.recipients.everyone);
    this.recipients?.refresh();
    this.seeLatest();
  }

  // A reply was taken back: its words are here again, before what was begun since.
  async returned({ target, detail }) {
    const how = target.dataset?.restores;
    if (!how || !detail.success) return;
    document.querySelectorAll(`.toast form[action*="${target.action.split("/comments/")[1]?.split("/")[0]}"]`).forEach((form) => form.closest(".toast").remove());
    await this.keeper.syncing;
    const begun = this.textTarget.value, mode = this.element.dataset.mode;
    const draft = await fetchDraft(`${this.address}/draft`);
    if (draft) {
      const text = !begun.trim() || draft.text.includes(begun.trim()) ? draft.text : `${draft.text}\n\n${begun}`;
      this.fill({ ...draft, text, mode: begun.trim() && mode === "note" ? "note" : draft.mode });
      if (text !== draft.text) this.touched();
    }
    if (how === "focus") { this.textTarget.focus(); this.textTarget.setSelectionRange(this.textTarget.value.length, this.textTarget.value.length); }
  }

  // Somebody wrote while a reply is being written: said here, and held by the server until it was seen.
  lookForNews() {
    const comments = document.getElementById("comments");
    if (!comments || document.querySelector("[data-ticket-id-value]")?.dataset.ticketIdValue !== this.keyValue) return;
    if (comments.dataset.circle !== this.circle) { this.circle = comments.dataset.circle; this.recipients?.refresh().then(() => this.showCircle()); }
    if (this.isEmpty) { this.seeLatest(); return; }
    const news = saidSince(this.seenTarget.value);
    if (!news.length || this.hasNewerTarget || news.at(-1).id === this.newsTold) return;
    this.newsTold = news.at(-1).id;
    this.newerBoxTarget.replaceChildren(notice(news, () => this.seeLatest()));
  }

  // Turbo gives the focus back to the field one frame after it has drawn the answer; then it is ours to move.
  newerTargetConnected(panel) {
    if (this.hasAsked) requestAnimationFrame(() => requestAnimationFrame(() => panel.focus({ preventScroll: true })));
  }

  keepEditing() {
    this.seenTarget.value = this.newerTarget.dataset.newest;
    this.newerBoxTarget.replaceChildren();
    this.touched();
    this.textTarget.focus();
  }

  seeLatest() { this.seenTarget.value = document.getElementById("comments")?.dataset.last || this.seenTarget.value; }

  writers({ id, writers }) {
    if (id !== this.keyValue) return;
    this.warningTarget.hidden = !writers.length;
    this.warningTarget.textContent = writers.length ? `${writers.join(" and ")} ${writers.length > 1 ? "are" : "is"} writing on this ticket too.` : "";
  }

  get isEmpty() { return !this.textTarget.value.trim() && this.enclosures.isEmpty; }

  get address() { return `/dashboard/tickets/${this.numberValue}`; }
}
