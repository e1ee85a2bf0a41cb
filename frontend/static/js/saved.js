// @ts-check
// "Saved. Phone down.": the words fade after 4 s, the undo goes after 8 s. Whoever touches the screen keeps it.
const CLOSE_AFTER = 4000;
const UNDO_FOR = 8000;

export function watchSaved() {
  const screen = /** @type {HTMLElement | null} */ (document.querySelector("[data-saved]"));
  if (!screen) return;
  const undo = screen.querySelector("[data-undo]");
  const closing = setTimeout(() => {
    screen.dataset.phase = "closed";
  }, CLOSE_AFTER);
  const ending = setTimeout(() => undo?.setAttribute("data-undo", "over"), UNDO_FOR);
  const stay = () => {
    clearTimeout(closing);
    clearTimeout(ending);
    delete screen.dataset.phase;
    undo?.removeAttribute("data-countdown");
  };
  screen.addEventListener("focusin", stay, { once: true });
  screen.addEventListener("pointerdown", stay, { once: true });
}
