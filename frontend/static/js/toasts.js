// @ts-check
// Messages leave by themselves or when dismissed; one that holds an undo waits its eight seconds, and for a focused hand.

/** @param {ParentNode} root */
function watch(root) {
  for (const toast of root.querySelectorAll("[data-toast]:not([data-watched])")) {
    toast.setAttribute("data-watched", "");
    const dismiss = /** @type {HTMLElement | null} */ (toast.querySelector("[data-dismiss]"));
    if (dismiss) dismiss.hidden = false;
    dismiss?.addEventListener("click", () => toast.remove());
    if (toast.hasAttribute("data-countdown")) {
      setTimeout(() => toast.matches(":focus-within, :hover") || toast.remove(), 8000);
    }
  }
}

export function watchToasts() {
  watch(document);
  document.addEventListener("htmx:afterSettle", () => watch(document));
}
