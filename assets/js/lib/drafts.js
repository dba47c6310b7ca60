// Words not sent yet. The server keeps them; this browser only until the server has them, or while it can't be reached.
import { token } from "./requests.js";

const prefix = "parlour:draft:";
const key = (id) => `${prefix}${document.body.dataset.liveMeValue}:${id}`;
const most = 50;
const drafts = () => Object.keys(localStorage).filter((name) => name.startsWith(prefix));

export function recall(id) {
  try { return JSON.parse(localStorage.getItem(key(id))); } catch { return null; }
}

export function keep(id, draft) {
  try {
    localStorage.setItem(key(id), JSON.stringify({ ...draft, at: Date.now() }));
    thin();
  } catch { /* A full or forbidden store only costs the second copy, never the page. */ }
}

export function drop(id) {
  try { localStorage.removeItem(key(id)); } catch { /* As above. */ }
}

// Fields as the form sends them; resolves to whether the server has them. It outlives the page that asks.
export async function hand(address, fields, signal) {
  const body = new FormData();
  Object.entries(fields).forEach(([name, values]) => [values].flat().forEach((value) => body.append(name, value)));
  try {
    const keepalive = (fields.body?.length ?? 0) < 30_000;
    const answer = await fetch(address, { method: "POST", body, keepalive, signal, headers: { "X-CSRF-Token": token(), Accept: "application/json" } });
    return answer.ok && !answer.redirected;
  } catch { return false; }
}

export async function fetchDraft(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  return answer.ok ? answer.json() : null;
}

// Whoever signs out leaves nothing behind for the next one at this desk; the server gets what it has not got yet.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.action?.endsWith("/sign-out")) return;
  event.preventDefault();
  dispatchEvent(new CustomEvent("parlour:leaving"));
  const left = drafts().map((name) => JSON.parse(localStorage.getItem(name)) ?? {});
  await Promise.allSettled(left.filter((draft) => draft.address).map((draft) => hand(draft.address, draft.fields, AbortSignal.timeout(4000))));
  drafts().forEach((name) => localStorage.removeItem(name));
  // Never as a request to submit: while this event is still on its way, where nothing was waited for, that does nothing.
  form.submit();
}, true);

function thin() {
  const all = drafts();
  if (all.length <= most) return;
  const age = (name) => JSON.parse(localStorage.getItem(name))?.at ?? 0;
  all.sort((one, other) => age(one) - age(other)).slice(0, all.length - most).forEach((name) => localStorage.removeItem(name));
}
