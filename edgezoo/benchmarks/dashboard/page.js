"use strict";
(() => {
  const rows = JSON.parse(document.getElementById("data").textContent);
  const form = document.getElementById("filters");
  const SHAPES = {
    engine: "circle", wasm: "square", onnx: "triangle", litert: "diamond", torch: "down", peer: "cross",
  };
  const HEIGHT = 380, LEFT = 46, RIGHT = 18, TOP = 14, BOTTOM = 40;

  const make = (name, attributes = {}, parent = null, text = "") => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  };

  /** A mark of its runtime's shape: colour alone would not do. */
  const mark = (runtime, x, y, r) => {
    const points = (pairs) => pairs.map(([dx, dy]) => `${x + dx * r},${y + dy * r}`).join(" ");
    const kind = { class: `dot ${runtime}` };
    switch (SHAPES[runtime]) {
      case "square": return make("rect", { ...kind, x: x - r * 0.85, y: y - r * 0.85, width: r * 1.7, height: r * 1.7 });
      case "triangle": return make("polygon", { ...kind, points: points([[0, -1.1], [1.1, 0.9], [-1.1, 0.9]]) });
      case "down": return make("polygon", { ...kind, points: points([[0, 1.1], [1.1, -0.9], [-1.1, -0.9]]) });
      case "diamond": return make("polygon", { ...kind, points: points([[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]]) });
      case "cross": return make("polygon", { ...kind, points: points([
        [-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1],
        [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]]) });
      default: return make("circle", { ...kind, cx: x, cy: y, r });
    }
  };

  const shown = (row) => ["device", "runtime", "precision"].every((key) =>
    !form[key].value || row[key] === form[key].value) &&
    row.model.toLowerCase().includes(form.model.value.trim().toLowerCase());

  /** Those that no other beats in both, from cheap to dear. */
  const front = (points) => {
    let best = -Infinity;
    return [...points].sort((a, b) => a.x - b.x || b.y - a.y).filter((p) => p.y > best && ((best = p.y), true));
  };

  const written = (value) => (value >= 100 ? Math.round(value).toLocaleString("en") : String(+value.toPrecision(3)));

  /** 1, 2 and 5 times the powers of ten from `low` to `high`; fewer where they would not have room. */
  const ticks = (low, high) => {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const digit of Math.log10(high / low) > 2.5 ? [1] : [1, 2, 5]) {
        const value = digit * 10 ** power;
        if (value >= low && value <= high) found.push(value);
      }
    return found;
  };

  const draw = (box) => {
    // Of bits less is better: they are drawn below zero, so that up is better everywhere.
    const key = box.dataset.x, bits = box.dataset.y === "bits", times = Number(box.dataset.times ?? 1);
    const quality = bits ? `bits:${form.language.value}` : form.quality.value;
    const points = rows.filter((row) => shown(row) && row[key] > 0 && row[quality] != null)
      .map((row) => ({ row, x: row[key] * times, y: bits ? -row[quality] : row[quality] }));
    box.replaceChildren();
    if (!points.length) {
      box.textContent = "Nothing that is left after filtering was measured in this.";
      return;
    }
    const WIDTH = Math.max(280, Math.round(box.clientWidth)); // text keeps its size on a phone
    const xs = points.map((p) => p.x), ys = points.map((p) => p.y);
    const low = Math.min(...xs) / 1.5, high = Math.max(...xs) * 1.5;
    const room = Math.max(bits ? 0.02 : 1, (Math.max(...ys) - Math.min(...ys)) * 0.12);
    const bottom = Math.min(...ys) - room, top = Math.max(...ys) + room;
    const px = (x) => LEFT + (WIDTH - LEFT - RIGHT) * Math.log(x / low) / Math.log(high / low);
    const py = (y) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (y - bottom) / (top - bottom);
    const title = box.previousElementSibling.textContent;
    const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "group", "aria-label": title });
    for (const value of ticks(low, high)) {
      make("line", { class: "grid", x1: px(value), x2: px(value), y1: TOP, y2: HEIGHT - BOTTOM }, svg);
      make("text", { x: px(value), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, svg, written(value));
    }
    const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20].find((each) => (top - bottom) / each <= 7) || 50;
    for (let value = Math.ceil(bottom / step) * step; value <= top; value += step) {
      make("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: py(value), y2: py(value) }, svg);
      make("text", { x: LEFT - 6, y: py(value) + 4, "text-anchor": "end" }, svg, String(+Math.abs(value).toFixed(2)));
    }
    make("text", { x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, svg, `${box.dataset.unit}, logarithmic`);
    const best = front(points);
    make("polyline", { class: "front", points: best.map((p) => `${px(p.x)},${py(p.y)}`).join(" ") }, svg);
    for (const { row, x, y } of points) {
      const name = `${row.model}, ${row.runtime} ${row.precision}: ${bits ? (-y).toFixed(3) : y.toFixed(2)} at ${written(x)} ${box.dataset.unit}`;
      const link = make("a", { href: row.href, "aria-label": name }, svg);
      const dot = mark(row.runtime, px(x), py(y), 6);
      make("title", {}, dot, name);
      link.append(dot);
    }
    const dots = points.map((p) => ({ x: px(p.x), y: py(p.y) }));
    label(svg, WIDTH, best.map((p) => ({ text: p.row.model, x: px(p.x), y: py(p.y) })), dots);
    box.append(svg);
  };

  /** Names beside the front's points, where neither another name stands nor a dot. */
  const label = (svg, WIDTH, wanted, dots) => {
    const taken = [];
    for (const { text, x, y } of wanted.reverse()) {
      const width = text.length * 6.6, middle = Math.max(LEFT + 2, x - width / 2);
      const places = [[middle, y - 12], [x + 10, y + 4], [x - width - 10, y + 4], [middle, y + 22], [middle, y - 28]];
      const free = places.find(([left, base]) => left > LEFT && left + width < WIDTH - 4 && base > 12 &&
        !dots.some((dot) => dot.x > left - 6 && dot.x < left + width + 6 && dot.y > base - 16 && dot.y < base + 6) &&
        !taken.some((o) => left < o.right && left + width > o.left && Math.abs(base - o.base) < 14));
      if (!free) continue;
      taken.push({ left: free[0], right: free[0] + width, base: free[1] });
      make("text", { class: "name", x: free[0], y: free[1] }, svg, text);
    }
  };

  const update = () => {
    for (const line of document.querySelectorAll("tbody tr")) line.hidden = !shown(line.dataset);
    for (const box of document.querySelectorAll(".wide"))
      box.hidden = !box.querySelector("tbody tr:not([hidden])");
    const count = rows.filter(shown).length;
    form.querySelector("output").textContent = `${count} of ${rows.length} shown`;
    document.querySelectorAll(".plot").forEach(draw);
  };

  /** Sort a table by a column; again turns it round. What was not measured stays at the end. */
  const sort = (head) => {
    const turn = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", turn > 0 ? "ascending" : "descending");
    const value = (line) => {
      const cell = line.children[head.cellIndex];
      return cell.className === "none" ? null : cell.dataset.value ? +cell.dataset.value : cell.textContent;
    };
    const body = head.closest("table").tBodies[0];
    body.append(...[...body.rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return turn * (typeof x === "number" ? x - y : x.localeCompare(y));
    }));
  };

  for (const button of document.querySelectorAll("thead button"))
    button.addEventListener("click", () => sort(button.parentNode));
  const legend = document.querySelector(".legend");
  for (const runtime of new Set(rows.map((row) => row.runtime))) {
    const item = document.createElement("li"), svg = make("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" });
    svg.append(mark(runtime, 7, 7, 5.5));
    item.append(svg, runtime);
    legend.append(item);
  }
  form.addEventListener("input", update);
  form.language.addEventListener("input", update); // of the form, though not in it
  const writers = document.getElementById("language-models");
  writers.hidden = !writers.querySelector("table");
  for (const part of writers.querySelectorAll(".choice, .plots")) part.hidden = !form.language.length;
  form.addEventListener("submit", (event) => event.preventDefault());
  let width = 0;
  addEventListener("resize", () => {
    if (innerWidth !== width) document.querySelectorAll(".plot").forEach(draw);
    width = innerWidth;
  });
  update();
})();
