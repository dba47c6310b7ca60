// The agents' screen.
import { start } from "./start.js";

start({});
