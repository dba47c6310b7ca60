// What every page shares: Turbo, Stimulus, local times, toasts, the theme.
import "./lib/trust.js";
import * as Turbo from "@hotwired/turbo";
import { Application } from "@hotwired/stimulus";
import { showProgress } from "./lib/progress.js";
import { localizeTimes } from "./lib/times.js";
import Dialog from "./controllers/dialog.js";
import FileDrop from "./controllers/file_drop.js";
import Menu from "./controllers/menu.js";
import Theme from "./controllers/theme.js";
import Toasts from "./controllers/toasts.js";

// Few pages need these: they come with the first one that names them.
const later = { passkey: () => import("./controllers/passkey.js") };

function fetchWhatIsNamed(application) {
  for (const [name, load] of Object.entries(later)) {
    if (!document.querySelector(`[data-controller~="${name}"]`)) continue;
    delete later[name];
    load().then((module) => application.register(name, module.default));
  }
}

export function start(controllers) {
  // The progress line is ours.
  Turbo.config.drive.progressBarDelay = 2 ** 31 - 1;
  showProgress();
  localizeTimes();
  const application = Application.start();
  const all = { dialog: Dialog, "file-drop": FileDrop, menu: Menu, theme: Theme, toasts: Toasts, ...controllers };
  Object.entries(all).forEach(([name, controller]) => application.register(name, controller));
  fetchWhatIsNamed(application);
  document.addEventListener("turbo:render", () => fetchWhatIsNamed(application));
  return application;
}
