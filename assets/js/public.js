// Pages outside the dashboard: landing, sign-in, portal.
import { start } from "./start.js";
import UploadForm from "./controllers/upload_form.js";

start({ "upload-form": UploadForm });
