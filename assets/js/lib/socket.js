import { io } from "socket.io-client";

export function connect() {
  const socket = io({
    path: "/api/socket",
    transports: ["websocket"],
    reconnectionDelay: 500,
    reconnectionDelayMax: 8000,
    randomizationFactor: 0.5,
  });
  // The server ends it when this browser's cookie was made anew, which another tab may have caused: once more with the
  // new one. Who is signed out is refused then, and not asked again.
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), 500 + Math.random() * 500);
  });
  return socket;
}
