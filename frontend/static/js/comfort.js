// @ts-check
// A child who was hurt, ill or scared: then the one question is whether comfort arrived. It comes forward as soon as the
// chip is tapped; without scripts it waits among the other questions, and is the first one the next time.

/** @param {Element} place */
function bringForward(place) {
  const comfort = document.getElementById("id_rating_comfort")?.closest(".field");
  const asked = /** @type {HTMLInputElement | null} */ (document.querySelector("input[type=hidden][name=asked]"));
  const others = place.querySelector("details > .stack");
  const before = place.querySelector(":scope > .field");
  if (!comfort || !asked || !others || before === comfort) return;
  place.prepend(comfort);
  asked.value = "comfort";
  // An answer that was given already stays where the hand left it.
  if (before && !before.querySelector("input:checked")) others.prepend(before);
}

export function watchComfort() {
  document.addEventListener("change", (event) => {
    const chip = event.target;
    const place = document.querySelector("[data-one-question]");
    if (place && chip instanceof HTMLInputElement && chip.checked && "asksComfort" in chip.dataset) bringForward(place);
  });
}
