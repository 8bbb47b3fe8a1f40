// The page's scheme and its pictures. Without it everything is there but the pictures, whose words and data are.
"use strict";
{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const scheme = () => root.dataset.scheme || (dark.matches ? "dark" : "light");
  const pictures = read("pictures") || { specs: {}, themes: {} };
  const views = new Map();
  let drawing = Promise.resolve();

  function read(id) {
    const element = document.getElementById(id);
    return element && JSON.parse(element.textContent);
  }

  function addSwitch() {
    const button = document.createElement("button");
    const name = () => { button.textContent = scheme() === "dark" ? "Light" : "Dark"; };
    button.type = "button";
    button.addEventListener("click", () => {
      root.dataset.scheme = scheme() === "dark" ? "light" : "dark";
      name();
      redraw();
    });
    name();
    document.querySelector(".bar").append(button);
    dark.addEventListener("change", () => { name(); redraw(); });
  }

  // One after the other, so that the page answers in between; whoever prints or tests waits for `data-drawn`.
  function redraw() {
    const wanted = scheme();
    delete root.dataset.drawn;
    const specs = Object.entries(pictures.specs);
    drawing = drawing.then(async () => {
      for (const [name, spec] of specs) {
        if (scheme() !== wanted) return;
        await draw(document.getElementById(`drawing-${name}`), spec, wanted);
        await new Promise((done) => setTimeout(done));
      }
      root.dataset.drawn = String(specs.length);
      root.dataset.drawnIn = wanted;
    });
  }

  async function draw(element, spec, wanted) {
    views.get(element)?.finalize();
    try {
      const options = { ast: true, renderer: "svg", actions: false, defaultStyle: false, tooltip: tell };
      const title = element.parentElement.querySelector("h3").textContent;
      const drawn = { description: title, ...spec, config: pictures.themes[wanted] };
      views.set(element, await window.vegaEmbed(element, drawn, options));
    } catch (error) {
      element.textContent = "This picture could not be drawn; its data are below.";
      element.classList.add("failed-drawing");
      console.error(error);
    }
  }

  // Vega's own tooltip writes markup and styles; ours writes text.
  function tell(handler, event, item, value) {
    const tip = document.getElementById("tip") || document.body.appendChild(made("div", { id: "tip", hidden: true }));
    tip.hidden = value == null || value === "";
    if (tip.hidden) return;
    const pairs = typeof value === "object" ? Object.entries(value) : [["", value]];
    const list = document.createElement("dl");
    for (const [name, told] of pairs) {
      if (told == null || told === "") continue;
      list.append(made("dt", { textContent: name }), made("dd", { textContent: String(told).slice(0, 300) }));
    }
    tip.replaceChildren(list);
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 4))}px`;
    tip.style.top = `${event.clientY + 14 + height > innerHeight ? Math.max(4, event.clientY - height - 10) : event.clientY + 14}px`;
  }

  function made(name, properties) {
    return Object.assign(document.createElement(name), properties);
  }

  addSwitch();
  redraw();
  addEventListener("keydown", (event) => { if (event.key === "Escape") document.getElementById("tip")?.setAttribute("hidden", ""); });
}
