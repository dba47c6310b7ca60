// Lines of recipients as chips: removed and added by keyboard, checked by the server, with what there is to say of each.
import { element, icon } from "../lib/icons.js";

const kinds = ["to", "cc", "bcc"];
const joining = " is new on this ticket and joins it with this reply.";
const joins = { to: joining, cc: joining, bcc: " is new here. As Bcc they get this reply and nothing else." };
const piece = /(?:"[^"]*"|[^,;"\n])+/g;

export function parsed(line) {
  return (line.match(piece) ?? []).map((text) => {
    const named = text.trim().match(/^(.*?)\s*<([^<>]*)>$/s);
    return named ? { name: named[1].replace(/^"|"$/g, "").trim(), email: named[2].trim().toLowerCase() } : { name: "", email: text.trim().toLowerCase() };
  }).filter((one) => one.email);
}

export function written(all) {
  return all.map(({ name, email }) => (!name ? email : /[,;]/.test(name) ? `"${name}" <${email}>` : `${name} <${email}>`)).join(", ");
}

export class Recipients {
  constructor(box, address, changed) {
    Object.assign(this, { box, address, changed, lines: {}, known: new Map() });
    this.learn(JSON.parse(box.dataset.known));
    this.everyone = JSON.parse(box.dataset.everyone);
    // A page out of the browser's memory is a copy: its chips hear nothing.
    box.querySelectorAll(".chips, .recipient-more").forEach((dead) => dead.remove());
    this.cautions = box.querySelector("[data-cautions]");
    kinds.forEach((kind) => this.dress(kind));
    this.more = element("span", "recipient-more");
    kinds.slice(1).forEach((kind) => this.more.append(this.opener(kind)));
    this.lines.to.line.append(this.more);
    box.dataset.dressed = "";
    this.draw();
  }

  learn(known) { known.forEach((one) => this.known.set(one.email, one)); }

  dress(kind) {
    const line = this.box.querySelector(`[data-kind="${kind}"]`);
    const plain = line.querySelector("input");
    const chips = element("span", "chips");
    const field = Object.assign(element("input", "recipient-field"), { type: "text", autocomplete: "off", id: `${plain.id}-new` });
    field.setAttribute("autocapitalize", "none");
    field.setAttribute("spellcheck", "false");
    field.setAttribute("aria-label", `Add to ${line.querySelector("label").textContent}`);
    line.querySelector("label").htmlFor = field.id;
    plain.hidden = true;
    chips.append(field);
    plain.after(chips);
    this.lines[kind] = { line, plain, chips, field, all: parsed(plain.value) };
    this.listen(kind, field);
  }

  listen(kind, field) {
    field.addEventListener("keydown", (event) => this.key(event, kind));
    field.addEventListener("input", () => this.look(kind));
    field.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== field) { this.add(kind, field.value); this.hide(); } }, 120));
    field.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text");
      if (!/[,;\n]/.test(text)) return;
      event.preventDefault();
      this.add(kind, text);
    });
    this.lines[kind].chips.addEventListener("click", (event) => { if (event.target === this.lines[kind].chips) field.focus(); });
  }

  opener(kind) {
    const button = Object.assign(element("button", "link-button tiny", { cc: "Cc", bcc: "Bcc" }[kind]), { type: "button" });
    button.dataset.opens = kind;
    button.addEventListener("click", () => this.open(kind));
    return button;
  }

  open(kind) {
    delete this.lines[kind].line.dataset.empty;
    this.more.querySelector(`[data-opens=${kind}]`).hidden = true;
    this.lines[kind].field.focus();
  }

  key(event, kind) {
    const { field, chips } = this.lines[kind];
    const options = this.list ? [...this.list.children] : [];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) { event.preventDefault(); this.point(options.at((options.indexOf(this.pointed) + step) % options.length)); return; }
    if (event.key === "Escape" && this.list) { event.preventDefault(); event.stopPropagation(); this.hide(); return; }
    const ends = ["Enter", ",", ";"].includes(event.key) && !event.ctrlKey && !event.metaKey;
    if (ends || (event.key === "Tab" && (this.pointed || field.value.trim()) && !event.shiftKey)) {
      if (!field.value.trim() && event.key !== "Enter") return;
      event.preventDefault();
      this.pointed ? this.take(kind, this.pointed.person) : this.add(kind, field.value);
      return;
    }
    if (!field.value && (event.key === "Backspace" || event.key === "ArrowLeft")) [...chips.querySelectorAll(".chip button")].at(-1)?.focus();
  }

  async add(kind, text) {
    const line = this.lines[kind];
    if (!text.trim()) return;
    this.hide();
    line.field.value = "";
    for (const one of parsed(text)) await this.check(kind, one);
  }

  async check(kind, one) {
    const { field } = this.lines[kind];
    try {
      const answer = await fetch(`${this.address}?one=${encodeURIComponent(written([one]))}`, { headers: { Accept: "application/json" } });
      const said = await answer.json();
      if (answer.ok) { this.learn(said.known); this.take(kind, said.known[0]); return; }
      this.refuse(kind, one.email, Object.values(said.details ?? {}).join(" ") || said.error);
    } catch {
      // The server checks again before anything is sent.
      if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(one.email)) this.take(kind, one);
      else this.refuse(kind, one.email, `“${one.email}” is not an e-mail address.`);
    }
    field.focus();
  }

  refuse(kind, text, words) {
    const { field } = this.lines[kind];
    field.value = text;
    field.setAttribute("aria-invalid", "true");
    this.problem = words;
    this.caution();
    field.focus();
  }

  take(kind, { email, name }) {
    this.hide();
    kinds.forEach((each) => { this.lines[each].all = this.lines[each].all.filter((one) => one.email !== email); });
    this.lines[kind].all.push({ email, name });
    this.lines[kind].field.value = "";
    const unknown = !this.known.has(email);
    this.draw();
    this.changed();
    this.lines[kind].field.focus();
    if (unknown) this.ask(email);
  }

  async ask(email) {
    const answer = await fetch(`${this.address}?one=${encodeURIComponent(email)}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok) { this.learn((await answer.json()).known); this.caution(); return; }
    if (answer?.status !== 422) return;
    const kind = kinds.find((each) => this.lines[each].all.some((one) => one.email === email));
    if (!kind) return;
    this.remove(kind, email);
    this.refuse(kind, email, Object.values((await answer.json()).details ?? {}).join(" "));
  }

  remove(kind, email) {
    const { field } = this.lines[kind];
    this.lines[kind].all = this.lines[kind].all.filter((one) => one.email !== email);
    this.draw();
    this.changed();
    field.focus();
  }

  draw() {
    kinds.forEach((kind) => {
      const { line, chips, field, all, plain } = this.lines[kind];
      chips.replaceChildren(...all.map((one) => this.chip(kind, one)), field);
      plain.value = written(all);
      field.placeholder = kind === "to" && !all.length ? "Nobody yet: type a name or an address" : "";
      field.removeAttribute("aria-invalid");
      if (kind !== "to" && all.length) { delete line.dataset.empty; this.more?.querySelector(`[data-opens=${kind}]`)?.setAttribute("hidden", ""); }
    });
    this.problem = "";
    this.caution();
  }

  chip(kind, one) {
    const chip = element("span", "chip");
    const button = Object.assign(element("button"), { type: "button" });
    button.setAttribute("aria-label", `Remove ${one.name ? `${one.name}, ` : ""}${one.email}`);
    button.append(icon("x", "small"));
    button.addEventListener("click", () => this.remove(kind, one.email));
    button.addEventListener("keydown", (event) => this.walk(event, kind, one.email));
    chip.title = one.email;
    const known = this.known.get(one.email);
    if (known?.bounced != null || known?.isNew) chip.dataset.caution = "";
    chip.append(element("span", "truncate", one.name || one.email), button);
    return chip;
  }

  walk(event, kind, email) {
    const buttons = [...this.lines[kind].chips.querySelectorAll(".chip button")];
    const at = buttons.indexOf(event.currentTarget);
    if (event.key === "Backspace" || event.key === "Delete") { event.preventDefault(); this.remove(kind, email); }
    if (event.key === "ArrowLeft") buttons[at - 1]?.focus();
    if (event.key === "ArrowRight") (buttons[at + 1] ?? this.lines[kind].field).focus();
  }

  caution() {
    const all = kinds.flatMap((kind) => this.lines[kind].all.map((one) => [kind, this.known.get(one.email)]))
      .filter(([, one]) => one?.isNew || one?.bounced != null)
      .map(([kind, one]) => [one.name || one.email, one.bounced != null ? ` may not get this: the last mail to ${one.email} came back. ${one.bounced}` : joins[kind]]);
    if (this.problem) all.unshift(["", this.problem]);
    const words = JSON.stringify(all);
    if (this.cautions.dataset.said === words) return;
    this.cautions.dataset.said = words;
    this.cautions.replaceChildren(...all.map(([who, what]) => {
      const line = element("p"), text = element("span");
      text.append(element("b", "", who), what);
      line.append(icon("warning", "small"), text);
      return line;
    }));
  }

  look(kind) {
    clearTimeout(this.looking);
    this.lines[kind].field.removeAttribute("aria-invalid");
    if (this.problem) { this.problem = ""; this.caution(); }
    this.looking = setTimeout(() => this.suggest(kind), 140);
  }

  async suggest(kind) {
    const { field } = this.lines[kind];
    const q = field.value.trim();
    if (q.length < 2) { this.hide(); return; }
    const answer = await fetch(`/dashboard/people?q=${encodeURIComponent(q)}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || field.value.trim() !== q || document.activeElement !== field) return;
    const chosen = new Set(kinds.flatMap((each) => this.lines[each].all.map((one) => one.email)));
    const found = (await answer.json()).filter((person) => !chosen.has(person.email));
    this.hide();
    if (found.length) this.show(kind, found);
  }

  show(kind, found) {
    const { field, line } = this.lines[kind];
    this.list = element("div", "recipient-list");
    this.list.id = `${field.id}-list`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "People we know");
    found.forEach((person, at) => {
      const option = element("div", "menu-item");
      Object.assign(option, { person, id: `${this.list.id}-${at}` });
      option.setAttribute("role", "option");
      option.append(element("span", "truncate", person.name), element("span", "faint tiny truncate", person.email));
      option.addEventListener("pointerdown", (event) => { event.preventDefault(); this.take(kind, person); });
      this.list.append(option);
    });
    Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": this.list.id, "aria-autocomplete": "list" }).forEach(([name, value]) => field.setAttribute(name, value));
    this.owner = field;
    line.append(this.list);
    this.point(this.list.firstChild);
  }

  point(option) {
    this.pointed?.setAttribute("aria-selected", "false");
    if (this.pointed) delete this.pointed.dataset.active;
    this.pointed = option;
    option.dataset.active = "";
    option.setAttribute("aria-selected", "true");
    this.owner.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  hide() {
    clearTimeout(this.looking);
    this.list?.remove();
    this.list = this.pointed = null;
    ["role", "aria-expanded", "aria-controls", "aria-autocomplete", "aria-activedescendant"].forEach((name) => this.owner?.removeAttribute(name));
  }

  set(lines) {
    kinds.forEach((kind) => { this.lines[kind].all = parsed(lines[kind] ?? ""); });
    this.draw();
  }

  // As the server would have it, unless somebody has chosen otherwise.
  async refresh() {
    const untouched = this.isUsual;
    const answer = await fetch(this.address, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return;
    const said = await answer.json();
    this.learn(said.known);
    this.everyone = said.everyone;
    untouched ? this.set(said.everyone) : this.caution();
  }

  get isUsual() { return kinds.every((kind) => this.lines[kind].plain.value === written(parsed(this.everyone[kind]))); }

  get first() { return parsed(this.everyone.to)[0]; }

  get circle() { return kinds.flatMap((kind) => parsed(this.everyone[kind])); }

  get isNarrow() { return this.lines.to.all.length === 1 && !this.lines.cc.all.length && this.lines.to.all[0].email === this.first?.email; }
}
