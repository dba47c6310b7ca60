import { io } from "socket.io-client";

export function connect() {
  return io({
    path: "/api/socket",
    transports: ["websocket"],
    reconnectionDelay: 500,
    reconnectionDelayMax: 8000,
    randomizationFactor: 0.5,
  });
}
