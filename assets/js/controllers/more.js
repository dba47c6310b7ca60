import { Controller } from "@hotwired/stimulus";

// The next rows join the list itself instead of nesting in one another.
export default class extends Controller {
  unfold(event) {
    event.detail.render = (current, arrived) => {
      const line = current.closest(".more");
      line?.replaceWith(...arrived.querySelectorAll(":scope > ul > li"));
      dispatchEvent(new CustomEvent("parlour:rendered"));
    };
  }
}
