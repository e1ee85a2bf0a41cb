// @ts-check
// Browsers keep pages as they were left and show them again for a step back. By then somebody else may be looking, or
// nobody be signed in any more: such a page is blank while it is away, and is asked for anew before it shows anything.

export function watchMemory() {
  addEventListener("pagehide", (event) => {
    if (event.persisted) document.documentElement.hidden = true;
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}
