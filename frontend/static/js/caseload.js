// j and k walk down and up a coach's list. Enter opens, as with any link. Nothing here moves a row.
// @ts-check

const rows = () =>
  /** @type {HTMLElement[]} */ ([
    ...document.querySelectorAll("[data-lanes] a.case-main, [data-lanes] .shut > summary"),
  ]).filter((row) => row.offsetParent !== null);

addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, select, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !["j", "k"].includes(event.key)) return;
  const shown = rows();
  const here = shown.findIndex((row) => row === document.activeElement);
  const next = event.key === "j" ? here + 1 : Math.max(here - 1, 0);
  shown[Math.min(next, shown.length - 1)]?.focus();
});
