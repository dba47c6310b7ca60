// What was sent stands in the conversation at once; the server's own comes in its place.
import { element } from "./icons.js";

export function showPending(mode, text) {
  const list = document.getElementById("messages");
  if (!list || !text.trim()) return null;
  const pending = element("li", `message message-${mode === "note" ? "note" : "agent"}`);
  pending.dataset.pending = "";
  const card = element("div", "message-card");
  card.append(element("div", "message-head", "Sending…"), element("div", "prose prose-text message-words", text));
  pending.append(element("span", "avatar avatar-empty"), card);
  list.append(pending);
  pending.scrollIntoView({ block: "end" });
  return pending;
}
