// One socket for the whole visit, however many pages come and go. It is fetched after the page is there.
let socket, opening;
const listeners = new Set();

export function connection() {
  opening ??= import("./socket.js").then(({ connect }) => {
    socket = connect();
    listeners.forEach(([name, hear]) => socket.on(name, hear));
    return socket;
  });
  return opening;
}

export function hear(name, listener) {
  const entry = [name, listener];
  listeners.add(entry);
  socket?.on(name, listener);
  return () => { listeners.delete(entry); socket?.off(name, listener); };
}

export const tell = (name, payload) => { if (socket?.connected) socket.emit(name, payload); };

export const isConnected = () => Boolean(socket?.connected);
