// Words not sent yet, kept in this browser until they are.
const key = (id) => `parlour:draft:${id}`;
const most = 50;

export function recall(id) {
  try { return JSON.parse(localStorage.getItem(key(id))); } catch { return null; }
}

export function keep(id, draft) {
  try {
    if (draft.text.trim()) localStorage.setItem(key(id), JSON.stringify({ ...draft, at: Date.now() }));
    else localStorage.removeItem(key(id));
    thin();
  } catch { /* A full or forbidden store only costs the draft, never the page. */ }
}

export function drop(id) {
  try { localStorage.removeItem(key(id)); } catch { /* As above. */ }
}

function thin() {
  const all = Object.keys(localStorage).filter((name) => name.startsWith("parlour:draft:"));
  if (all.length <= most) return;
  const age = (name) => JSON.parse(localStorage.getItem(name))?.at ?? 0;
  all.sort((one, other) => age(one) - age(other)).slice(0, all.length - most).forEach((name) => localStorage.removeItem(name));
}
