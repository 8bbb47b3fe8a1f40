// For who uses a keyboard or listens: the search has a name, and what is wider than the page can be scrolled.
addEventListener("load", () => {
  document.querySelector('[data-md-component="search"]')?.setAttribute("aria-label", "Search");
  for (const wide of document.querySelectorAll(".md-typeset__scrollwrap")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
  }
});
