// @ts-check
// A page of somebody else's notes asks every half minute whether it may stay. Told anything but yes, it goes blank.
const YES = 204;
const UNHEARD = 0;

export function watchStillOpen() {
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr } = /** @type {CustomEvent<{ elt: Element, xhr: XMLHttpRequest }>} */ (event).detail;
    if (!elt.matches("[data-still-open]") || xhr.status === YES || xhr.status === UNHEARD) return;
    const closed = /** @type {HTMLTemplateElement | null} */ (document.querySelector("template[data-closed]"));
    document.querySelector("[data-while-open]")?.replaceWith(closed?.content.cloneNode(true) ?? "");
    elt.remove();
  });
}
