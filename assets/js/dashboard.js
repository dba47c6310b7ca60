// The agents' screen.
import { start } from "./start.js";
import Autosubmit from "./controllers/autosubmit.js";
import BrandSample from "./controllers/brand_sample.js";
import Composer from "./controllers/composer.js";
import Copy from "./controllers/copy.js";
import Countdown from "./controllers/countdown.js";
import Details from "./controllers/details.js";
import Live from "./controllers/live.js";
import More from "./controllers/more.js";
import Panes from "./controllers/panes.js";
import People from "./controllers/people.js";
import Picker from "./controllers/picker.js";
import Search from "./controllers/search.js";
import Shortcuts from "./controllers/shortcuts.js";
import Templates from "./controllers/templates.js";
import Ticket from "./controllers/ticket.js";
import UploadForm from "./controllers/upload_form.js";
import Words from "./controllers/words.js";

start({
  autosubmit: Autosubmit, "brand-sample": BrandSample, composer: Composer, copy: Copy, countdown: Countdown, details: Details, live: Live, more: More,
  panes: Panes, people: People, picker: Picker, search: Search, shortcuts: Shortcuts, templates: Templates, ticket: Ticket,
  "upload-form": UploadForm, words: Words,
});
