// Puts a popover beside its button, flipped or shifted when the window is too small.
export function place(popover, anchor, { align = "start", gap = 4 } = {}) {
  const button = anchor.getBoundingClientRect();
  const box = popover.getBoundingClientRect();
  const width = document.documentElement.clientWidth, height = window.innerHeight;
  const wanted = align === "end" ? button.right - box.width : button.left;
  const below = button.bottom + gap, above = button.top - gap - box.height;
  const fits = below + box.height <= height - 8 || above < 8;
  popover.style.left = `${Math.max(8, Math.min(wanted, width - box.width - 8))}px`;
  popover.style.top = `${Math.max(8, fits ? Math.min(below, height - box.height - 8) : above)}px`;
}
