// What may become markup or code where the page itself writes it (Trusted Types). Everything Turbo and our controllers
// parse comes from our own server and holds nothing that runs; what does is refused, and the browser reports it.
const home = new URL("/static/", location.href).href;
const isOurs = (address) => new URL(address, location.href).href.startsWith(home);

if (window.trustedTypes?.createPolicy) {
  // Looking at it takes parsing it, which takes a policy: the page it makes is inert and never shown.
  const inert = trustedTypes.createPolicy("parlour", { createHTML: (html) => html });
  const runs = (root) => [...root.querySelectorAll("*")].some((element) =>
    element.content instanceof DocumentFragment ? runs(element.content) : isLively(element));
  trustedTypes.createPolicy("default", {
    createHTML: (html) => html.includes("<") && runs(new DOMParser().parseFromString(inert.createHTML(html), "text/html")) ? null : html,
    createScriptURL: (address) => (isOurs(address) ? address : null),
    // Turbo copies a script's text beside its address: ours have none.
    createScript: (code) => (code === "" ? code : null),
  });
}

function isLively(element) {
  if (element.localName === "script") return !(element.hasAttribute("src") && isOurs(element.getAttribute("src")));
  if (element.localName === "object" || element.localName === "embed" || element.hasAttribute("srcdoc")) return true;
  return element.getAttributeNames().some((name) => name.startsWith("on"));
}
