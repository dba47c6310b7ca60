// Pages outside the dashboard: landing, sign-in, portal.
import { start } from "./start.js";
import PortalTicket from "./controllers/portal_ticket.js";
import UploadForm from "./controllers/upload_form.js";

start({ "portal-ticket": PortalTicket, "upload-form": UploadForm });
