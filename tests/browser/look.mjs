// Opens pages in Chromium as people do, and prints as JSON what is to be seen: no judgement, which is the tests' affair.
// Arguments: {"browser": path, "pictures": folder, "pages": {"sweep": path, "hostile": path, "many": path}} as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = { sweep: [360, 800, 1280], hostile: [360] };
const SCHEMES = ["light", "dark"];
const HEIGHT = 900;

/** A page in a window of its own, and what goes wrong in it as long as it is open. */
async function opened(browser, path) {
  const context = await browser.newContext({ viewport: { width: 1280, height: HEIGHT } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const wrong = { console: [], errors: [], requests: [], violations: [], dialogs: [] };
  page.on("console", (said) => ["error", "warning"].includes(said.type()) && wrong.console.push(said.text()));
  page.on("pageerror", (error) => wrong.errors.push(String(error)));
  page.on("request", (request) => wrong.requests.push(request.url().slice(0, 200)));
  page.on("dialog", (dialog) => (wrong.dialogs.push(dialog.message()), dialog.dismiss()));
  await page.exposeFunction("tellViolation", (text) => wrong.violations.push(text));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      window.tellViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  const from = Date.now();
  await page.goto(pathToFileURL(path).href, { waitUntil: "load" });
  const load_ms = Date.now() - from;
  const has_chart = await seen(page, "figure svg");
  const first_chart_ms = Date.now() - from;
  const is_drawn = await seen(page, "[data-drawn]");
  return { context, page, wrong, times: { load_ms, first_chart_ms, all_charts_ms: Date.now() - from, has_chart, is_drawn } };
}

/** Whether there is such an element before long; that of `data-drawn` says that all pictures are as they are to be. */
function seen(page, selector) {
  return page.waitForSelector(selector, { state: "attached", timeout: 10_000 }).then(() => true, () => false);
}

/** Every picture with its marks: of what data they are, and where they lie. Vega keeps a mark's data with its element. */
function charts(page) {
  return page.evaluate(() => [...document.querySelectorAll("figure")].map((figure) => {
    const marks = [...figure.querySelectorAll("svg .role-mark > *")].filter((one) => one.__data__?.datum);
    const symbols = marks.filter((one) => one.parentElement.classList.contains("mark-symbol"));
    return {
      name: figure.id,
      title: figure.querySelector("h3").textContent,
      text: figure.querySelector("figcaption").textContent,
      svgs: figure.querySelectorAll("svg").length,
      marks: marks.length,
      points: symbols.map(({ __data__: { x, y, datum } }) => ({ x, y, datum: JSON.parse(JSON.stringify(datum)) })),
    };
  }));
}

/** What is told of the first point of a picture to who points at it. */
async function pointed(page, name) {
  await page.locator(`#${name} svg .mark-symbol.role-mark path`).first().hover({ force: true });
  const told = await page.evaluate(() => document.getElementById("tip")?.innerText ?? "");
  await page.mouse.move(1, 1);
  return told;
}

async function table(page) {
  return page.evaluate(() => {
    const grid = document.querySelector("#table table");
    const shown = (one) => one.offsetParent !== null;
    return {
      headings: [...grid.tHead.rows[0].cells].filter(shown).map((cell) => cell.innerText.trim()),
      sorted: [...grid.tHead.rows[0].cells].map((cell) => cell.getAttribute("aria-sort")).filter(Boolean),
      rows: [...grid.tBodies[0].rows].filter(shown).map((row) => [...row.cells].filter(shown).map((cell) => cell.innerText.trim())),
      said: document.querySelector("#table [role=status]")?.innerText ?? "",
    };
  });
}

/** What `look` finds as soon as it is another than `before`, or after a while all the same. */
async function changed(page, look, before) {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = await look();
    if (found !== before) return found;
    await page.waitForTimeout(50);
  }
  return before;
}

/** The table after each thing that one does with it. */
async function used(page) {
  const found = { first: await table(page) };
  const heading = (name) => page.locator("#table th button", { hasText: name }).first();
  await heading(/decode tok\/s/).click();
  found.sorted_once = await table(page);
  await heading(/decode tok\/s/).click();
  found.sorted_twice = await table(page);
  await heading(/^threads/i).focus();
  await page.keyboard.press("Enter");
  found.sorted_by_keyboard = await table(page);
  found.filtered = await filtered(page, "stories-15m");
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  for (const [name, label] of [["markdown", /markdown/i], ["csv", /csv/i]]) {
    const before = await clipboard();
    await page.locator("#table button", { hasText: label }).click();
    found[name] = await changed(page, clipboard, before);
  }
  found.filtered_away = await filtered(page, "no such thing");
  await filtered(page, "");
  await page.locator("#table details", { hasText: /^Columns/ }).locator("summary").click();
  const choice = page.locator("#table details label", { hasText: /^\s*decode tok\/s/ }).locator("input").first();
  await choice.uncheck();
  found.without_column = await table(page);
  await choice.check();
  return found;
}

/** The table when that has been typed. */
async function filtered(page, text) {
  const said = async () => (await table(page)).said;
  const before = await said();
  await page.locator("#table input[type=search]").fill(text);
  await changed(page, said, before);
  return table(page);
}

/** How far the page is wider than the window, and what sticks out. */
function overflow(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const clipped = (one) => { for (let at = one.parentElement; at; at = at.parentElement) if (getComputedStyle(at).overflowX !== "visible" && at !== document.body && at !== document.documentElement) return true; return false; };
    const out = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > width + 1 && !clipped(one));
    return { by: document.documentElement.scrollWidth - width, what: out.slice(0, 5).map((one) => `${one.tagName} ${one.id} ${one.className?.baseVal ?? one.className}`.slice(0, 120)) };
  });
}

async function faults(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.slice(0, 3).map((one) => `${one.html.slice(0, 200)} | ${one.failureSummary.slice(0, 300)}`) }));
}

/** As it looks and whether it can be read: each scheme at each width, and on paper. */
async function looked(page, name, pictures) {
  const found = { overflow: {}, faults: {}, backgrounds: {} };
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await seen(page, `[data-drawn-in=${colorScheme}][data-drawn]`);
    for (const width of WIDTHS[name]) {
      await page.setViewportSize({ width, height: HEIGHT });
      await page.waitForTimeout(200); // charts are as wide as the window a moment later
      found.overflow[`${colorScheme} ${width}`] = await overflow(page);
      await page.screenshot({ path: `${pictures}/${name}-${colorScheme}-${width}.png`, fullPage: true });
    }
    found.faults[colorScheme] = await faults(page);
    found.backgrounds[colorScheme] = await background(page);
  }
  await page.emulateMedia({ colorScheme: "dark", media: "print" });
  found.printed = await background(page);
  if (name === "sweep") await page.pdf({ path: `${pictures}/${name}.pdf`, format: "A4", printBackground: true });
  await page.emulateMedia({ colorScheme: "light", media: "screen" });
  await page.setViewportSize({ width: 1280, height: HEIGHT });
  return found;
}

function background(page) {
  return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}

function outline(page) {
  return page.evaluate(() => ({
    policy: document.querySelector("meta[http-equiv=Content-Security-Policy]")?.content ?? "",
    title: document.title,
    headings: [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((one) => [Number(one.tagName[1]), one.innerText.slice(0, 200)]),
    text: document.body.innerText.slice(0, 20000),
    nodes: document.querySelectorAll("*").length,
    links: [...document.querySelectorAll("a[href]")].map((one) => one.getAttribute("href").slice(0, 200)),
    scripts: document.scripts.length,
  }));
}

async function main({ browser: executablePath, pictures, pages }) {
  const browser = await chromium.launch({ executablePath, args: ["--disable-quic", "--no-first-run"] });
  const found = { version: browser.version() };
  for (const [name, path] of Object.entries(pages)) {
    const { context, page, wrong, times } = await opened(browser, path);
    found[name] = { times, ...(await outline(page)), charts: await charts(page) };
    if (WIDTHS[name]) Object.assign(found[name], await looked(page, name, pictures));
    if (name === "sweep") Object.assign(found[name], { tip: await pointed(page, "decode-over-context"), table: await used(page) });
    if (name === "many") await page.screenshot({ path: `${pictures}/${name}.png` });
    found[name].wrong = wrong;
    await context.close();
  }
  await browser.close();
  process.stdout.write(JSON.stringify(found));
}

await main(JSON.parse(process.argv[2]));
