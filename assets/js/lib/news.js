// What others have said on the open ticket since a reply to it was begun.
import { element } from "./icons.js";

export function saidSince(seen) {
  const all = [...document.querySelectorAll("#messages .message[data-said]")];
  const at = all.findIndex((message) => message.id === `comment-${seen}`);
  const me = document.body.dataset.liveMeValue;
  return at < 0 ? [] : all.slice(at + 1).filter((message) => message.dataset.author !== me);
}

export function notice(news, read) {
  const box = element("p", "newer-notice");
  const names = [...new Set(news.map((message) => message.querySelector(".message-author").textContent))];
  const button = Object.assign(element("button", "link-button", "Read it"), { type: "button" });
  button.addEventListener("click", () => {
    read();
    box.remove();
    Object.assign(news[0], { tabIndex: -1 }).focus();
    news[0].scrollIntoView({ block: "start" });
  });
  box.setAttribute("role", "status");
  box.append(element("span", "", `${names.join(" and ")} wrote while you are writing.`), button);
  return box;
}
