// What WebAuthn takes and gives, as the JSON it is sent in. Browsers of last year can't translate it themselves.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const named = (list = []) => list.map((each) => ({ ...each, id: bytes(each.id) }));

export function toMake(options) {
  const user = { ...options.user, id: bytes(options.user.id) };
  return { ...options, challenge: bytes(options.challenge), user, excludeCredentials: named(options.excludeCredentials) };
}

export function toShow(options) {
  return { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) };
}

export function answerOf(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  const { id, type } = credential;
  return { id, rawId: text(credential.rawId), type, response, clientExtensionResults: {} };
}
