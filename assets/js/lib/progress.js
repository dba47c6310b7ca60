// A thin line while a page is on its way, shown only when it takes long enough to notice.
export function showProgress() {
  let timer;
  const line = () => document.getElementById("progress-line");
  const begin = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const element = line();
      if (element) { delete element.dataset.done; element.dataset.going = ""; }
    }, 180);
  };
  const end = () => {
    clearTimeout(timer);
    const element = line();
    if (element && "going" in element.dataset) { delete element.dataset.going; element.dataset.done = ""; }
  };
  addEventListener("turbo:visit", begin);
  addEventListener("turbo:submit-start", begin);
  addEventListener("turbo:load", end);
  addEventListener("turbo:submit-end", end);
  addEventListener("turbo:frame-load", end);
}
