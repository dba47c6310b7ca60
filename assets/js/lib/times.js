// The server writes times in UTC; here they become the reader's own, and stay fresh.
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const near = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const far = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minute = 60, hour = 3600, day = 86400;

export function relative(date, now = new Date()) {
  const seconds = (now - date) / 1000;
  if (seconds < minute) return "now";
  if (seconds < hour) return `${Math.floor(seconds / minute)} min`;
  if (seconds < day) return `${Math.floor(seconds / hour)} h`;
  if (seconds < 7 * day) return `${Math.floor(seconds / day)} d`;
  return (date.getFullYear() === now.getFullYear() ? near : far).format(date);
}

const isToday = (date) => date.toDateString() === new Date().toDateString();

function write(element) {
  const date = new Date(element.dateTime);
  if (Number.isNaN(date.getTime())) return;
  const sameYear = date.getFullYear() === new Date().getFullYear();
  const texts = { relative: () => relative(date), day: () => (sameYear ? near : far).format(date), exact: () => exact.format(date), full: () => (isToday(date) ? clock.format(date) : `${(sameYear ? near : far).format(date)}, ${clock.format(date)}`) };
  const text = (texts[element.dataset.time] ?? texts.relative)();
  if (element.textContent !== text) element.textContent = text;
  // What is exact keeps the title that the server wrote, in UTC.
  if (element.dataset.time !== "exact") element.title = full.format(date);
}

export function localizeTimes() {
  const all = (root = document) => root.querySelectorAll("time[data-time]").forEach(write);
  const soon = () => requestAnimationFrame(() => all());
  all();
  for (const name of ["turbo:render", "turbo:frame-render", "turbo:morph", "parlour:rendered"]) addEventListener(name, soon);
  setInterval(() => { if (!document.hidden) all(); }, 30_000);
  addEventListener("visibilitychange", soon);
}
