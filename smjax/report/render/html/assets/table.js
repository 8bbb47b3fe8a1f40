// Tables of rows: to be sorted, filtered, given other columns and copied. Without it the first rows are there.
"use strict";
{
  const PAGE = 100; // rows that are in the document at a time
  const CHOICES = 40; // values of a column that can be chosen from
  const LONG = 28; // characters from which on a text has several lines
  const WAIT_MS = 150; // after a key before rows are filtered
  const inOrder = new Intl.Collator("en", { numeric: true }).compare;

  function made(name, properties = {}, ...children) {
    const { aria = {}, data = {}, ...own } = properties;
    const element = Object.assign(document.createElement(name), own);
    for (const [key, value] of Object.entries(aria)) element.setAttribute(`aria-${key}`, value);
    Object.assign(element.dataset, data);
    element.append(...children);
    return element;
  }

  class Column {
    constructor(data) { Object.assign(this, data); }
    parts(row) { return [this.texts[this.index[row]]].flat(); } // several of flags
    text(row) { return this.parts(row).join(", "); }
    value(row) { return this.values ? this.values[row] : this.text(row); }
    choices() {
      if (this.kind === "figure") return [];
      const found = new Set(this.texts.flat());
      found.delete("");
      return found.size > 1 && found.size <= CHOICES ? [...found].sort(inOrder) : [];
    }
  }

  class Rows {
    constructor(section) {
      const data = JSON.parse(section.querySelector("script").textContent);
      Object.assign(this, { section, data, table: section.querySelector("table") });
      this.columns = data.columns.map((column) => new Column(column));
      this.chosen = new Map();
      this.words = [];
      this.searched = []; // all texts of a row, once somebody looks for one
      this.sorted = null;
      this.first = 0;
      this.addControls();
      this.update();
      addEventListener("beforeprint", () => { this.printing = true; this.draw(); });
      addEventListener("afterprint", () => { this.printing = false; this.draw(); });
    }

    // On paper all rows, in as many columns as it has room for.
    get shown() { return this.columns.filter((column) => this.printing ? column.printed : column.shown); }

    // What is to be seen, in its order.
    update() {
      const all = Array.from(this.data.provenances, (_, row) => row);
      this.found = all.filter((row) => this.fits(row));
      if (this.sorted) this.sort(this.found, this.sorted.column, this.sorted.descending);
      this.first = 0;
      this.draw();
    }

    fits(row) {
      for (const [column, value] of this.chosen) if (!column.parts(row).includes(value)) return false;
      if (!this.words.length) return true;
      const text = this.searched[row] ??= this.columns.map((column) => column.text(row)).join("\n").toLowerCase();
      return this.words.every((word) => text.includes(word));
    }

    // What is not known comes last, whichever way.
    sort(rows, column, descending) {
      const sign = descending ? -1 : 1;
      const known = (value) => value !== null && value !== "";
      rows.sort((a, b) => {
        const [x, y] = [column.value(a), column.value(b)];
        if (!known(x) || !known(y)) return known(y) - known(x) || a - b;
        return sign * (column.values ? x - y : inOrder(x, y)) || a - b;
      });
    }

    draw() {
      const rows = this.printing ? this.found : this.found.slice(this.first, this.first + PAGE);
      this.table.tHead.replaceChildren(made("tr", {}, ...this.shown.map((column) => this.head(column))));
      this.table.tBodies[0].replaceChildren(...rows.map((row) => this.row(row)));
      const last = Math.min(this.first + PAGE, this.found.length);
      const total = this.data.provenances.length;
      const range = this.found.length > PAGE ? `, ${this.first + 1} to ${last} shown` : "";
      this.count.textContent = `${this.found.length} of ${total} ${total === 1 ? "row" : "rows"}${range}`;
      this.previous.hidden = this.next.hidden = this.found.length <= PAGE;
      this.previous.disabled = this.first === 0;
      this.next.disabled = last === this.found.length;
    }

    head(column) {
      const button = made("button", { type: "button", title: column.meaning }, column.heading);
      button.addEventListener("click", () => this.sortBy(column));
      const cell = made("th", { scope: "col", className: column.numeric ? "number" : "" }, button);
      if (this.sorted?.column === column) cell.setAttribute("aria-sort", this.sorted.descending ? "descending" : "ascending");
      return cell;
    }

    // Figures the largest first, texts from A; then the other way, then as they were.
    sortBy(column) {
      const first = column.kind === "figure";
      const again = this.sorted?.column === column;
      if (!again) this.sorted = { column, descending: first };
      else if (this.sorted.descending === first) this.sorted = { column, descending: !first };
      else this.sorted = null;
      this.update();
      this.table.tHead.rows[0].cells[this.shown.indexOf(column)].querySelector("button").focus();
    }

    row(row) {
      const cells = this.shown.map((column, place) => this.cell(column, row, place === 0));
      const data = { provenance: this.data.provenances[row], status: this.data.statuses[row] };
      return made("tr", { data }, ...cells);
    }

    cell(column, row, isFirst) {
      const cell = isFirst ? made("th", { scope: "row" }) : made("td");
      if (column.numeric) cell.className = "number";
      else if (column.text(row).length > LONG) cell.className = "long";
      if (column.kind === "flags") {
        cell.className = "chips";
        cell.append(...column.parts(row).map((flag) => this.chip(flag)));
      } else cell.textContent = column.text(row) || "\u2013";
      if (isFirst) cell.append(...this.tags(row));
      return cell;
    }

    // What a row is if it is not as expected: no colour says it alone.
    tags(row) {
      const [provenance, status] = [this.data.provenances[row], this.data.statuses[row]];
      const tags = [];
      if (provenance !== "measured") tags.push(" ", made("span", { className: "tag" }, provenance));
      if (status !== "ok") tags.push(" ", made("span", { className: "tag bad" }, status));
      return tags;
    }

    chip(flag) {
      const place = this.data.flags.indexOf(flag);
      return place < 0 ? made("span", { className: "chip" }, flag) : made("a", { className: "chip", href: `#flag-${place}` }, flag);
    }

    addControls() {
      this.count = made("span", { role: "status" });
      this.previous = this.button("Previous", () => this.page(-PAGE));
      this.next = this.button("Next", () => this.page(PAGE));
      const controls = made("div", { className: "controls" }, this.finder(),
        this.button("Copy as Markdown", (button) => this.copy(button, this.markdown())),
        this.button("Copy as CSV", (button) => this.copy(button, this.csv())),
        this.choosers(), this.columnChooser());
      const scroller = this.table.parentElement;
      scroller.before(controls);
      scroller.after(made("div", { className: "state" }, this.count, this.previous, this.next));
    }

    page(by) {
      this.first += by;
      this.draw();
      this.table.parentElement.scrollIntoView({ block: "nearest" });
    }

    button(name, act) {
      const button = made("button", { type: "button" }, name);
      button.addEventListener("click", () => act(button));
      return button;
    }

    finder() {
      const input = made("input", { type: "search", autocomplete: "off", spellcheck: false });
      let waiting;
      input.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => {
          this.words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
          this.update();
        }, WAIT_MS);
      });
      return made("label", { className: "find" }, "Find rows", input);
    }

    choosers() {
      const labels = this.columns.flatMap((column) => this.chooser(column));
      const details = made("details", { className: "choose" }, made("summary", {}, "Filter by column"), made("div", { className: "choosers" }, ...labels));
      details.hidden = !labels.length;
      return details;
    }

    chooser(column) {
      const choices = column.choices();
      if (!choices.length) return [];
      const select = made("select", {}, made("option", { value: "" }, "all"), ...choices.map((value, place) => made("option", { value: String(place + 1) }, value)));
      select.addEventListener("change", () => {
        if (select.value) this.chosen.set(column, choices[select.value - 1]);
        else this.chosen.delete(column);
        this.update();
      });
      return [made("label", {}, column.heading, select)];
    }

    columnChooser() {
      const boxes = this.columns.map((column) => {
        const box = made("input", { type: "checkbox", checked: column.shown });
        box.addEventListener("change", () => {
          column.shown = box.checked;
          if (!this.shown.length) column.shown = box.checked = true;
          this.draw();
        });
        return made("label", { title: column.meaning }, box, column.heading);
      });
      return made("details", { className: "choose" }, made("summary", {}, "Columns"), made("fieldset", {}, made("legend", {}, "Shown in the table, and copied"), ...boxes));
    }

    markdown() {
      const clean = (text) => text.replace(/([\\`*|<[\]])/g, "\\$1") || "\u2013";
      const line = (texts) => `| ${texts.map(clean).join(" | ")} |`;
      const marks = `| ${this.shown.map((column) => column.numeric ? "---:" : "---").join(" | ")} |`;
      const rows = this.found.map((row) => line(this.shown.map((column) => column.text(row))));
      return [line(this.shown.map((column) => column.heading)), marks, ...rows].join("\n") + "\n";
    }

    // By the names of the summary's columns, with the ends of intervals; a spreadsheet takes no text for a formula.
    csv() {
      const quoted = (value) => {
        if (value == null) return "";
        const text = typeof value === "string" && /^[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]/.test(value) ? `'${value}` : String(value);
        return /[",;\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
      };
      const parts = this.shown.flatMap((column) => [[column.name, (row) => column.kind === "flags" ? column.parts(row).join(";") : column.value(row)], ...(column.ends ? [[`${column.name}_lo`, (row) => column.ends[0][row]], [`${column.name}_hi`, (row) => column.ends[1][row]]] : [])]);
      const lines = this.found.map((row) => parts.map(([, of]) => quoted(of(row))).join(","));
      return [parts.map(([name]) => name).join(","), ...lines].join("\n") + "\n";
    }

    async copy(button, text) {
      const name = button.textContent;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const area = made("textarea", { value: text });
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
        button.focus();
      }
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = name; }, 1500);
    }
  }

  document.querySelectorAll("section.rows").forEach((section) => new Rows(section));
}
