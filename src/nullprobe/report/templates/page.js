// Page: turns both 3-D pictures together, hides classes, fills long tables when they are opened,
// copies tables, and saves pictures.
"use strict";
(() => {
  const numbers = JSON.parse(document.getElementById("numbers").textContent);
  const root = document.documentElement;
  const SVG = "http://www.w3.org/2000/svg";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // ---- a scene: as report/figures/space.py draws it, from any side
  const WIDTH = 440, HEIGHT = 380, REACH = 176, SLICES = 16, SIDEWAYS = 0.35;
  const MARKS = {
    o: "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z", D: "m0-3.8l3.8 3.8-3.8 3.8-3.8-3.8z",
    s: "m-2.7-2.7h5.4v5.4h-5.4z", P: "m-1.1-3.4h2.2v2.3h2.3v2.2h-2.3v2.3h-2.2v-2.3h-2.3v-2.2h2.3z",
    X: "m-3.2-1.7l1.5-1.5 1.7 1.7 1.7-1.7 1.5 1.5-1.7 1.7 1.7 1.7-1.5 1.5-1.7-1.7-1.7 1.7-1.5-1.5 1.7-1.7z",
  };
  const SIGNS = [-1, 1];
  const CORNERS = SIGNS.flatMap((x) => SIGNS.flatMap((y) => SIGNS.map((z) => [x, y, z])));
  const EDGES = CORNERS.flatMap((a, i) => CORNERS.slice(i + 1)
    .filter((b) => a.filter((v, k) => v !== b[k]).length === 1).map((b) => [a, b]));
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const pair = (place) => `${place[0].toFixed(1)} ${place[1].toFixed(1)}`;

  function element(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function written(place, text, kind, out, upright) {
    const [x, y] = [place[0].toFixed(1), (place[1] + 4).toFixed(1)];
    const anchor = out > SIDEWAYS ? "start" : out < -SIDEWAYS ? "end" : "middle";
    const turn = upright ? { transform: `rotate(-90 ${x} ${place[1].toFixed(1)})` } : {};
    return element("text", { class: kind, x, y, "text-anchor": anchor, ...turn }, text);
  }

  function axes(scene, flat) {
    const made = [];
    scene.names.forEach((name, axis) => {
      const others = [0, 1, 2].filter((k) => k !== axis);
      const starts = SIGNS.flatMap((a) => SIGNS.map((b) => {
        const place = [0, 0, 0];
        place[others[0]] = a * scene.size[others[0]];
        place[others[1]] = b * scene.size[others[1]];
        return place;
      }));
      const middles = starts.map(flat);
      const far = axis === 2 ? (m) => -m[0] : (m) => m[1];
      const best = middles.reduce((k, m, i) => (far(m) > far(middles[k]) ? i : k), 0);
      const away = [middles[best][0] - WIDTH / 2, middles[best][1] - HEIGHT / 2];
      const length = Math.max(Math.hypot(...away), 1);
      const out = away.map((v) => v / length);
      const beside = (place, by) => [place[0] + by * out[0], place[1] + by * out[1]];
      for (const [at, text] of scene.ticks[axis]) {
        const place = [...starts[best]];
        place[axis] = at;
        made.push(written(beside(flat(place), 12), text, "tick", out[0], false));
      }
      const upright = axis === 2;
      made.push(written(beside(middles[best], upright ? 42 : 30), name, "name", upright ? 0 : out[0], upright));
    });
    return made;
  }

  function drawn(svg, { around, above }, hidden) {
    const scene = numbers[svg.dataset.space];
    const [c, s, low, high] = [Math.cos(around), Math.sin(around), Math.cos(above), Math.sin(above)];
    const right = [-s, c, 0], up = [-high * c, -high * s, low], towards = [low * c, low * s, high];
    const flat = (p) => [WIDTH / 2 + REACH * dot(p, right), HEIGHT / 2 - REACH * dot(p, up)];
    const sized = (corner) => corner.map((v, k) => v * scene.size[k]);
    const box = EDGES.map(([a, b]) => `M${pair(flat(sized(a)))}L${pair(flat(sized(b)))}`).join(" ");
    const made = [element("path", { class: "box", d: box }), ...axes(scene, flat)];
    const line = (points) => `M${points.map((p) => pair(flat(p))).join("L")}`;
    if (scene.plane) made.push(element("path", { class: "left", d: `${line(scene.plane)}z` }));
    const order = scene.points.map((p) => [dot(p, towards), p]).sort((a, b) => a[0] - b[0]);
    // As many slices as in Python, the first of them one point longer where they differ.
    const slices = Math.min(SLICES, order.length), [least, longer] = [Math.floor(order.length / slices), order.length % slices];
    for (let from = 0, slice = 0; from < order.length; slice += 1) {
      const size = least + (slice < longer ? 1 : 0);
      const paths = scene.groups.map(() => "");
      for (const [, p] of order.slice(from, from + size)) {
        paths[p[3]] += `M${pair(flat(p))}${MARKS[scene.groups[p[3]].mark]}`;
      }
      paths.forEach((d, number) => {
        const group = scene.groups[number];
        if (!d || hidden.has(number)) return;
        const path = element("path", { class: `points ${group.ink}`, d });
        if (group.shade) path.style.color = group.shade;
        made.push(path);
      });
      from += size;
    }
    if (scene.line) made.push(element("path", { class: "removed", d: line(scene.line) }));
    svg.replaceChildren(...made);
  }

  // ---- both pictures of a data set turn together, and hide the same classes
  const STEP = 0.3;
  for (const set of all("[data-turning]")) {
    const spaces = all("svg.space", set);
    if (!spaces.length) continue;
    const start = { around: numbers[spaces[0].dataset.space].around, above: Number(spaces[0].dataset.above) };
    const view = { ...start };
    const hidden = new Set();
    let waiting = false;
    const redraw = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; spaces.forEach((svg) => drawn(svg, view, hidden)); });
    };
    const turn = (around, above) => {
      view.around += around;
      view.above = Math.max(-1.5, Math.min(1.5, view.above + above));
      redraw();
    };
    const steps = { left: [STEP, 0], right: [-STEP, 0], up: [0, STEP], down: [0, -STEP] };
    for (const button of all("button[data-turn]", set)) {
      button.addEventListener("click", () => turn(...steps[button.dataset.turn]));
    }
    for (const svg of spaces) {
      let last = null;
      svg.addEventListener("pointerdown", (event) => { last = [event.clientX, event.clientY]; svg.setPointerCapture(event.pointerId); });
      svg.addEventListener("pointermove", (event) => {
        if (!last) return;
        turn(-(event.clientX - last[0]) / 130, (event.clientY - last[1]) / 130);
        last = [event.clientX, event.clientY];
      });
      for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { last = null; });
      svg.addEventListener("dblclick", () => { Object.assign(view, start); redraw(); });
    }
    for (const button of all(".legend button", set)) {
      button.addEventListener("click", () => {
        const group = Number(button.dataset.group);
        if (!hidden.delete(group)) hidden.add(group);
        button.setAttribute("aria-pressed", String(!hidden.has(group)));
        redraw();
      });
    }
  }

  // ---- save a picture: its colours and letters as they are here
  const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray",
    "stroke-linejoin", "stroke-linecap",
    "font-family", "font-size", "font-weight", "text-anchor", "opacity", "color"];

  const paint = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // What stands in definitions inherits from where it is used, so it keeps its own style alone.
  function own(part) {
    const rules = [...document.styleSheets[0].cssRules];
    const texts = [...part.classList].map((name) => rules.find((rule) => rule.selectorText === `.${name}`)?.style.cssText ?? "");
    return [...texts, part.getAttribute("style") ?? ""].join(" ").replace(/var\((--[\w-]+)[^)]*\)/g, (_, name) => paint(name));
  }

  function alone(svg) {
    const copy = svg.cloneNode(true);
    const parts = [copy, ...all("*", copy)];
    [svg, ...all("*", svg)].forEach((part, i) => {
      if (part.closest("defs")) {
        parts[i].setAttribute("style", own(part));
      } else {
        const style = getComputedStyle(part);
        for (const name of KEPT) parts[i].style.setProperty(name, style.getPropertyValue(name));
      }
      parts[i].removeAttribute("class");
    });
    return copy;
  }

  function sheet(figure) {
    const svgs = all(".drawn svg", figure);
    const boxes = svgs.map((svg) => svg.viewBox.baseVal);
    const width = boxes.reduce((sum, box) => sum + box.width, 0);
    const height = Math.max(...boxes.map((box) => box.height)) + 24;
    const made = element("svg", { xmlns: SVG, viewBox: `0 0 ${width} ${height}`, width, height });
    made.append(element("rect", { width, height, fill: paint("--paper") }));
    const title = figure.querySelector("h3, h4").textContent;
    made.append(element("text", {
      x: 8, y: 16, "font-size": 14, "font-family": paint("--sans"), fill: paint("--ink"),
    }, title));
    let x = 0;
    svgs.forEach((svg, i) => {
      const copy = alone(svg);
      for (const [key, value] of Object.entries({ x, y: 24, width: boxes[i].width, height: boxes[i].height })) {
        copy.setAttribute(key, value);
      }
      x += boxes[i].width;
      made.append(copy);
    });
    return { text: new XMLSerializer().serializeToString(made), width, height };
  }

  function offer(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  for (const button of all("button[data-save]")) {
    button.addEventListener("click", () => {
      const figure = button.closest("figure");
      const { text, width, height } = sheet(figure);
      const name = `${figure.id}.${button.dataset.save}`;
      const svg = new Blob([text], { type: "image/svg+xml" });
      if (button.dataset.save === "svg") { offer(svg, name); return; }
      const image = new Image();
      image.onload = () => {
        const canvas = document.createElement("canvas");
        canvas.width = 2 * width;
        canvas.height = 2 * height;
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob((blob) => offer(blob, name), "image/png");
      };
      image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    });
  }

  // ---- what is folded opens where a link leads into it
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();

  // ---- tables
  const shown = (value) => {
    if (value === null) return "—";
    const brief = typeof value === "number" ? Number(value.toPrecision(4)) : value;
    return String(brief).replace(/^-/, "−");
  };

  function fill(block) {
    const place = block.querySelector(".wide");
    if (place.querySelector("table")) return;
    const { caption, columns, rows } = numbers[block.dataset.rows];
    const table = document.createElement("table");
    table.createCaption().textContent = caption;
    const head = table.createTHead().insertRow();
    for (const column of columns) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = column;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      row.forEach((value, i) => {
        const named = i === 0 && typeof value === "string";
        const cell = named ? line.appendChild(document.createElement("th")) : line.insertCell();
        cell.textContent = shown(value);
        if (named) cell.scope = "row";
        else if (value === null) cell.className = "none";
        else if (typeof value === "string") cell.className = "words";
        if (value !== null) cell.dataset.value = value;
      });
    }
    place.replaceChildren(table);
  }
  document.addEventListener("toggle", (event) => {
    const opened = event.target;
    if (!opened.open) return;
    for (const block of [opened, ...all("[data-rows]", opened)]) {
      if (block.dataset.rows && block.closest("details").open) fill(block);
    }
  }, true);

  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  function csv(table) {
    const value = (cell) => {
      if ("value" in cell.dataset) return cell.dataset.value;
      return cell.classList.contains("none") ? "" : cell.textContent.trim();
    };
    return [...table.rows].map((row) => [...row.cells].map(value).map(quoted).join(",")).join("\n") + "\n";
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "offscreen";
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  for (const button of all("button.copy")) {
    const name = button.textContent;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      const block = button.closest(".table, .command");
      if (block.dataset.rows) fill(block);
      const text = button.dataset.copy === "csv"
        ? csv(block.querySelector("table")) : block.querySelector("code").textContent;
      button.textContent = (await copy(text)) ? "Copied" : "Could not copy";
      button.focus();
      setTimeout(() => { button.textContent = name; }, 1600);
    });
  }

  // ---- paper is light
  addEventListener("beforeprint", () => { root.dataset.theme = "light"; });
  addEventListener("afterprint", () => { delete root.dataset.theme; });
  root.dataset.ready = "yes";
})();
