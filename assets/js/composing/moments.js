// When a reply may go out, in the agent's own time zone: offered, and chosen freely.
import { element, icon } from "../lib/icons.js";

const told = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function at(days, hour, now) {
  const date = new Date(now);
  date.setDate(date.getDate() + days);
  date.setHours(hour, 0, 0, 0);
  return date;
}

export function offered(now = new Date()) {
  const untilMonday = (8 - now.getDay()) % 7 || 7;
  const all = [["In 1 hour", new Date(now.getTime() + 3_600_000)], ["Tomorrow at 9:00", at(1, 9, now)]];
  if (untilMonday > 1) all.push(["Monday at 9:00", at(untilMonday, 9, now)]);
  return all;
}

export function offer(box, now = new Date()) {
  box.replaceChildren(...offered(now).map(([words, date]) => {
    const button = element("button", "menu-item");
    button.name = "send_at";
    button.value = date.toISOString();
    button.append(icon("clock"), element("span", "grow", words), element("span", "faint tiny", told.format(date)));
    return button;
  }));
}

// What a field of date and time holds is the agent's local time; it starts with the next whole hour.
export function begin(field, now = new Date()) {
  const local = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  field.min = local(now);
  if (!field.value || new Date(field.value) < now) field.value = local(at(0, now.getHours() + 1, now));
}
