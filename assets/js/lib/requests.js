// Asking the server for parts of a page, and sending it files.
export const STREAM = "text/vnd.turbo-stream.html";

export const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

// Where the conversation on this page begins, so that what was unfolded stays unfolded.
export function since() {
  const from = document.getElementById("comments")?.dataset.since;
  return from ? { "X-Since": from } : {};
}

export async function fetchStream(address, signal) {
  const response = await fetch(address, { headers: { Accept: `${STREAM}, text/html`, ...since() }, signal, credentials: "same-origin" });
  if (response.status === 401 || response.redirected) { location.reload(); return null; }
  return response.ok ? response.text() : null;
}

// fetch can't tell how much of an upload has gone; XMLHttpRequest can.
export function upload(file, progress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("POST", "/dashboard/attachments");
    request.setRequestHeader("X-CSRF-Token", token());
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) progress(event.loaded / event.total); });
    request.addEventListener("load", () => (request.status < 300 ? resolve(request.response) : reject(new Error(request.response?.error ?? "The file was refused."))));
    request.addEventListener("error", () => reject(new Error("The connection broke. Try the file again.")));
    request.addEventListener("abort", () => reject(new Error("Cancelled.")));
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
  return { done, cancel: () => request.abort() };
}

export function forget(id) {
  return fetch(`/dashboard/attachments/${id}`, { method: "DELETE", headers: { "X-CSRF-Token": token() } });
}

// Which part of the page a stream is for, whether it names it alone or within its ticket.
export const partOf = (stream) => stream.target ?? stream.targets.split("#").at(-1);
