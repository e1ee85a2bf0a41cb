// @ts-check
// A child who was hurt, ill or scared: then the one question is whether comfort arrived. It comes forward as soon as the
// chip is tapped; without scripts it waits among the other questions, and is the first one the next time.

/** Make the question of this dimension the one that is asked. @param {Element} place @param {string} dimension */
export function bringForward(place, dimension) {
  const wanted = document.getElementById(`id_rating_${dimension}`)?.closest(".field");
  const asked = /** @type {HTMLInputElement | null} */ (document.querySelector("input[type=hidden][name=asked]"));
  const others = place.querySelector("details > .stack");
  const before = place.querySelector(":scope > .field");
  if (!wanted || !asked || !others || before === wanted) return;
  place.prepend(wanted);
  asked.value = dimension;
  // An answer that was given already stays where the hand left it.
  if (before && !before.querySelector("input:checked")) others.prepend(before);
}

export function watchComfort() {
  document.addEventListener("change", (event) => {
    const chip = event.target;
    const place = document.querySelector("[data-one-question]");
    if (place && chip instanceof HTMLInputElement && chip.checked && "asksComfort" in chip.dataset) bringForward(place, "comfort");
  });
}
