// @ts-check
// Discreet mode: the page is covered as soon as it is out of sight or out of focus, and after two minutes without a touch.
// A tap brings it back as it was, half-typed words included. It is not a lock.
const IDLE = 120_000;

export function watchCover() {
  const cover = document.getElementById("cover");
  if (!(cover instanceof HTMLDialogElement)) return;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let idle;
  // A modal dialog lies over everything, menus too, and leaves nothing else to reach or to read aloud.
  const hide = () => {
    if (!cover.open) cover.showModal();
  };
  const touched = () => {
    clearTimeout(idle);
    idle = setTimeout(hide, IDLE);
  };
  document.addEventListener("visibilitychange", () => document.hidden && hide());
  addEventListener("blur", hide);
  addEventListener("pagehide", hide);
  for (const kind of ["pointerdown", "keydown", "input", "scroll"]) {
    addEventListener(kind, touched, { capture: true, passive: true });
  }
  cover.addEventListener("click", () => cover.close());
  touched();
}
