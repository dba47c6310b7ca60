import { Controller } from "@hotwired/stimulus";

// Searches while one types; an emptied field gives the list back that was there before.
export default class extends Controller {
  static targets = ["input"];

  typed() {
    clearTimeout(this.timer);
    const list = document.getElementById("list-frame");
    if (list && list.dataset.place !== "search") this.before = list.dataset.path;
    this.timer = setTimeout(() => {
      if (this.inputTarget.value.trim()) this.element.requestSubmit();
      else document.getElementById("list").src = this.before ?? "/dashboard/views/unresolved";
    }, 180);
  }

  disconnect() { clearTimeout(this.timer); }
}
