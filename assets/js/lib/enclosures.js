// Files on their way: a chip each, with progress, a way to take it back, and in the end the id that the form sends.
import { element, icon } from "./icons.js";
import { forget, upload } from "./requests.js";

const size = (bytes) => (bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

export class Enclosures {
  constructor(box) {
    this.box = box;
    this.pending = new Set();
    box.querySelectorAll(".attachment[data-id]").forEach((chip) => this.removable(chip, chip.querySelector(".truncate").textContent));
  }

  // One that the server has already, from a draft.
  show({ id, name, size: bytes }) {
    if (this.box.querySelector(`[data-id="${CSS.escape(id)}"]`)) return;
    const chip = element("span", "attachment");
    chip.dataset.id = id;
    chip.append(icon("file"), element("span", "truncate", name), element("span", "size", size(bytes)), this.field(id));
    this.removable(chip, name);
    this.box.append(chip);
  }

  removable(chip, name, cancel) {
    chip.querySelector("button")?.remove();
    const remove = Object.assign(element("button"), { type: "button" });
    remove.setAttribute("aria-label", `Remove ${name}`);
    remove.append(icon("x", "small"));
    remove.addEventListener("click", () => {
      chip.dataset.id ? forget(chip.dataset.id) : cancel?.();
      chip.remove();
      this.box.dispatchEvent(new CustomEvent("enclosures:change", { bubbles: true }));
    });
    chip.append(remove);
  }

  field(id) { return Object.assign(element("input"), { type: "hidden", name: "attachment", value: id }); }

  add(files) { [...files].forEach((file) => this.begin(file)); }

  begin(file) {
    const chip = element("span", "attachment");
    const bar = Object.assign(element("progress"), { max: 1, value: 0 });
    bar.setAttribute("aria-label", `Uploading ${file.name}`);
    chip.append(icon(file.type.startsWith("image/") ? "image" : "file"), element("span", "truncate", file.name), element("span", "size", size(file.size)), bar);
    const sending = upload(file, (part) => { bar.value = part; });
    this.removable(chip, file.name, () => sending.cancel());
    this.box.append(chip);
    const whole = sending.done.then(
      ({ id }) => { bar.remove(); chip.dataset.id = id; chip.append(this.field(id)); this.box.dispatchEvent(new CustomEvent("enclosures:change", { bubbles: true })); },
      (problem) => { bar.remove(); chip.dataset.state = "failed"; chip.querySelector(".size").textContent = problem.message; },
    );
    this.pending.add(whole);
    whole.finally(() => this.pending.delete(whole));
  }

  whole() { return Promise.all(this.pending); }

  clear() { this.box.replaceChildren(); }

  get isEmpty() { return !this.box.querySelector(".attachment:not([data-state=failed])"); }
}
