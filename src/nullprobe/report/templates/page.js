// Page: draws the pictures when they come near, paints them for light, dark and paper, turns
// both 3-D pictures together, fills long tables when they are opened, and copies tables.
"use strict";
(() => {
  const numbers = JSON.parse(document.getElementById("numbers").textContent);
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const CONFIG = { displaylogo: false, displayModeBar: false };
  const MOST_SPACES = 12; // browsers hold about 16 WebGL pictures at a time
  const STEP = 0.35; // radians that a button turns a 3-D picture

  // ---- state of a data set: what is hidden, and from where its 3-D pictures are seen
  const states = new Map();
  const state = (plot) => {
    const key = plot.closest("[data-set]").dataset.set;
    if (!states.has(key)) states.set(key, { hidden: new Set(), camera: null });
    return states.get(key);
  };

  // ---- paint
  const axis = (found) => ({
    ...found, gridcolor: css("--rule"), zerolinecolor: css("--rule-strong"), linecolor: css("--rule-strong"),
  });

  function hatched({ pattern }, ink) {
    if (root.dataset.theme !== "light") return { pattern: { ...pattern, fgcolor: css("--paper") } };
    // On paper outlines instead: hatching would make the file ten times as large.
    return { pattern: {}, color: "rgba(0,0,0,0)", line: { color: ink, width: 1.5 } };
  }

  const faint = (ink) => {
    const [r, g, b] = ink.match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));
    return `rgba(${r},${g},${b},0.25)`;
  };

  function paintTrace(trace, hidden) {
    const painted = { ...trace, marker: { ...trace.marker }, line: { ...trace.line } };
    const ink = trace.meta && trace.meta.ink && css("--" + trace.meta.ink);
    if (ink) {
      painted.marker.color = ink;
      painted.line.color = ink;
      if (painted.marker.pattern?.shape) Object.assign(painted.marker, hatched(painted.marker, ink));
      for (const bars of ["error_x", "error_y"]) {
        if (trace[bars]) painted[bars] = { ...trace[bars], color: ink };
      }
      if (trace.fill) painted.fillcolor = faint(ink);
      if (trace.type === "heatmap") {
        painted.colorscale = [[0, css("--wash")], [1, ink]];
        painted.textfont = { ...trace.textfont, color: css("--ink") };
      }
    }
    if (trace.meta && hidden.has(trace.meta.group)) painted.visible = false;
    return painted;
  }

  function painted(plot) {
    const { data, layout } = numbers[plot.dataset.figure];
    const { hidden, camera } = state(plot);
    const clear = "rgba(0,0,0,0)";
    const found = {
      ...layout, paper_bgcolor: clear, plot_bgcolor: clear, autosize: true,
      font: { family: css("--sans"), size: 12, color: css("--muted") },
      hoverlabel: {
        bgcolor: css("--paper"), bordercolor: css("--rule-strong"), namelength: -1,
        font: { family: css("--sans"), color: css("--ink") },
      },
    };
    for (const name of ["xaxis", "yaxis"]) found[name] = axis({ fixedrange: true, ...found[name] });
    if (found.scene) {
      found.margin = { l: 0, r: 0, t: 0, b: 0 };
      const scene = { ...found.scene, bgcolor: clear, dragmode: "turntable" };
      for (const name of ["xaxis", "yaxis", "zaxis"]) {
        scene[name] = { ...axis(scene[name]), showbackground: false, showspikes: false };
      }
      if (camera) scene.camera = camera;
      found.scene = scene;
      delete found.xaxis;
      delete found.yaxis;
    }
    return { data: data.map((trace) => paintTrace(trace, hidden)), layout: found };
  }

  // ---- draw
  async function draw(plot) {
    const { data, layout } = painted(plot);
    try {
      await Plotly.react(plot, data, layout, CONFIG);
      if (layout.scene && !plot.linked) link(plot);
      plot.dataset.drawn = "yes";
    } catch (error) {
      plot.dataset.drawn = "no";
      plot.textContent = "This picture could not be drawn here; its numbers are in the table.";
      console.warn(String(error));
    }
  }

  function leave(plot) {
    // Browsers allow few WebGL pictures at a time: those out of sight are given back.
    Plotly.purge(plot);
    plot.linked = false;
    delete plot.dataset.drawn;
  }

  const isSpace = (plot) => plot.classList.contains("space");
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting && !target.dataset.drawn) draw(target);
      else if (!isIntersecting && target.dataset.drawn && isSpace(target)) leave(target);
    }
  }, { rootMargin: "900px" });
  const plots = all(".plot");
  const redraw = (chosen) => chosen.filter((plot) => plot.dataset.drawn).forEach(draw);
  const wide = new ResizeObserver((entries) => {
    for (const { target } of entries) if (target.dataset.drawn === "yes") Plotly.Plots.resize(target);
  });
  plots.forEach((plot) => { near.observe(plot); wide.observe(plot); });

  // ---- both 3-D pictures turn together
  function spaces(plot) {
    return all(".plot.space", plot.closest("[data-set]"));
  }

  function look(plot, camera) {
    state(plot).camera = camera;
    for (const other of spaces(plot)) {
      if (other === plot || !other.dataset.drawn || other.turning) continue;
      other.turning = true;
      Plotly.relayout(other, { "scene.camera": camera }).finally(() => { other.turning = false; });
    }
  }

  function link(plot) {
    plot.linked = true;
    const follow = (event) => {
      if (event && event["scene.camera"] && !plot.turning) look(plot, event["scene.camera"]);
    };
    plot.on("plotly_relayouting", follow);
    plot.on("plotly_relayout", follow);
  }

  function turned({ x, y, z }, how) {
    const reach = Math.hypot(x, y);
    const around = Math.atan2(y, x) + (how === "left" ? -STEP : how === "right" ? STEP : 0);
    const above = Math.atan2(z, reach) + (how === "up" ? STEP : how === "down" ? -STEP : 0);
    const height = Math.max(-1.5, Math.min(1.5, above));
    const far = Math.hypot(reach, z);
    return {
      x: far * Math.cos(height) * Math.cos(around),
      y: far * Math.cos(height) * Math.sin(around),
      z: far * Math.sin(height),
    };
  }

  for (const button of all("button[data-turn]")) {
    button.addEventListener("click", () => {
      const first = all(".plot.space", button.closest("[data-set]"))[0];
      const start = numbers[first.dataset.figure].layout.scene.camera;
      const now = state(first).camera || start;
      const how = button.dataset.turn;
      const camera = how === "reset" ? start : { ...now, eye: turned(now.eye, how) };
      look(first, camera);
      if (first.dataset.drawn) Plotly.relayout(first, { "scene.camera": camera });
    });
  }

  // ---- raw or standardised; which classes are shown
  for (const input of all(".switch input")) {
    input.addEventListener("change", () => {
      const set = input.closest("[data-set]");
      for (const said of all(".seen [data-view]", set)) said.hidden = said.dataset.view !== input.value;
      const seen = all(".seen [data-view]", set).find((said) => !said.hidden).textContent;
      for (const plot of all(".plot[data-template]", set)) {
        plot.dataset.figure = plot.dataset.template.replace(" VIEW ", ` ${input.value} `);
        plot.setAttribute("aria-label", plot.dataset.when + seen);
        redraw([plot]);
      }
    });
  }

  for (const button of all(".legend button")) {
    button.addEventListener("click", () => {
      const set = button.closest("[data-set]");
      const { hidden } = state(button);
      const group = Number(button.dataset.group);
      if (!hidden.delete(group)) hidden.add(group);
      for (const same of all(`.legend button[data-group="${group}"]`, set)) {
        same.setAttribute("aria-pressed", String(!hidden.has(group)));
      }
      redraw(all(".plot.space, .plot.plane, .plot.scored", set));
    });
  }

  // ---- tables
  const shown = (value) => (value === null ? "—" : String(value).replace(/^-/, "−"));

  function fill(details) {
    const place = details.querySelector(".wide");
    if (place.querySelector("table")) return;
    const { caption, columns, rows } = numbers[details.dataset.rows];
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
      for (const value of row) {
        const cell = line.insertCell();
        cell.textContent = shown(value);
        if (value !== null) cell.dataset.value = value;
      }
    }
    place.prepend(table);
  }
  for (const details of all("details[data-rows]")) {
    details.addEventListener("toggle", () => { if (details.open) fill(details); });
  }

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

  // ---- dark, light, paper
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw(plots));
  addEventListener("beforeprint", () => {
    // Of many 3-D pictures, paper has the flat ones beside them only.
    const crowded = plots.filter(isSpace).length > MOST_SPACES;
    root.dataset.theme = "light";
    if (crowded) root.dataset.crowded = "yes";
    plots.filter((plot) => !crowded || !isSpace(plot)).forEach(draw);
  });
  addEventListener("afterprint", () => {
    delete root.dataset.theme;
    delete root.dataset.crowded;
    redraw(plots);
  });
  root.dataset.ready = "yes";
})();
