import { Controller } from "@hotwired/stimulus";

// System, light or dark; kept in a cookie so that the server draws the first frame right.
export default class extends Controller {
  static values = { choice: String };

  choose(event) {
    const choice = event.params.choice ?? event.target.value;
    const year = 365 * 24 * 3600;
    document.cookie = `parlour_theme=${choice}; path=/; max-age=${year}; samesite=lax`;
    if (choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
  }
}
