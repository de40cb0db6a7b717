// The player: Plotly draws the figures that Python made, this file moves what they contain.
// Plotly comes in as the global of the page's own copy.

import { Space } from "./space.js";

const players = new WeakMap();
const grounds = new Map(); // by id: a promise of the surface's picture, and what fulfils it

/** Take in the picture of a surface, which scenes name by its id. It comes once for many scenes. */
export async function ground(bytes) {
  const picture = await unpack(bytes);
  awaited(picture.id).arrive(picture);
}

function awaited(id) {
  if (!grounds.has(id)) {
    const entry = {};
    entry.picture = new Promise((arrive) => (entry.arrive = arrive));
    grounds.set(id, entry);
    if (grounds.size > 8) grounds.delete(grounds.keys().next().value);
  }
  return grounds.get(id);
}

/**
 * Show a scene under `root`, keeping clock, zoom and playback of the scene shown before.
 * `tell(name, value)` reports a clicked start, or a page colour that the scene was not made for.
 */
export async function show(root, bytes, tell = null) {
  let player = players.get(root);
  if (!player) players.set(root, (player = new Player(root)));
  player.tell = tell ?? (() => {});
  player.body.querySelector('[data-do="look"]').hidden = !tell; // a saved page has nobody to ask
  await player.show(bytes);
}

/**
 * Give back everything that `show` made under `root`, once that has left the page: Streamlit also
 * cleans up after data that newer data overtook.
 */
export function close(root) {
  if (root.isConnected) return;
  players.get(root)?.close();
  players.delete(root);
}

/** Turn a packed scene into an object whose arrays are typed arrays. */
export async function unpack(bytes) {
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(inflated).arrayBuffer();
  const size = new DataView(buffer).getUint32(0, true);
  const arrays = new Map();
  return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)), (_, value) => {
    if (value?.$ === undefined) return value;
    const { offset } = value.$;
    if (!arrays.has(offset)) arrays.set(offset, array(buffer, 4 + size + offset, value.$));
    return arrays.get(offset);
  });
}

function array(buffer, offset, { type, shape, low, step }) {
  const length = shape.reduce((a, b) => a * b);
  let values;
  if (type !== "f4") {
    values = new Float64Array(length);
    const levels = new Uint16Array(buffer, offset, length);
    if (type === "d2") for (let i = 1; i < length; i++) levels[i] += levels[i - 1];
    for (let i = 0; i < length; i++) values[i] = low + step * levels[i];
  } else {
    values = new Float32Array(buffer, offset, length);
  }
  if (shape.length === 1) return values;
  return Array.from({ length: shape[0] }, (_, r) => values.subarray(r * shape[1], (r + 1) * shape[1]));
}

const icon = (path) => `<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="${path}"/></svg>`;

const BODY = `
<div class="zz-bar" role="toolbar" aria-label="Playback">
  <button data-do="home" title="To the start (Home)" aria-label="To the start">${icon("M5 5h3v14H5zM20 5v14L9 12z")}</button>
  <button data-do="back" title="One step back (left arrow)" aria-label="One step back">${icon("M17 5v14L6 12z")}</button>
  <button data-do="play" class="zz-play" title="Play or pause (space)" aria-label="Play">Play</button>
  <button data-do="on" title="One step on (right arrow)" aria-label="One step on">${icon("M7 5v14l11-7z")}</button>
  <button data-do="end" title="To the end (End)" aria-label="To the end">${icon("M16 5h3v14h-3zM4 5v14l11-7z")}</button>
  <input class="zz-scrub" type="range" min="0" step="1" aria-label="Step">
  <output class="zz-step"></output>
  <select class="zz-speed" aria-label="Speed" title="Speed">
    <option value="0.25">¼×</option><option value="0.5">½×</option><option value="1" selected>1×</option>
    <option value="2">2×</option><option value="4">4×</option>
  </select>
  <button data-do="look" title="Look inside this step" aria-label="Look inside this step">${icon("M15.5 14h-.8l-.3-.3a6.5 6.5 0 1 0-.7.7l.3.3v.8l5 5 1.5-1.5zm-6 0a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9z")}</button>
  <button data-do="loop" aria-pressed="false" title="Start again at the end" aria-label="Loop">${icon("M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z")}</button>
  <button data-do="near" hidden>Zoom to the step</button>
  <button data-do="zoom" class="zz-zoom" hidden>Whole frame</button>
</div>
<div class="zz-stage" title=""><div class="zz-back"></div><div class="zz-front"></div><div class="zz-notes"></div></div>
<div class="zz-curve"><div class="zz-loss"></div><div class="zz-cursor"></div></div>`;

const OTHERS = 250; // pixels of the window that are neither panels nor curve
const SECONDS = 8; // a whole run at speed 1
const STILL = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false };

/** Set an attribute that is not so already: the browser paints again whatever is set. */
const set = (node, name, value) => node.getAttribute(name) === value || node.setAttribute(name, value);

class Player {
  constructor(root) {
    this.root = root;
    this.body = document.createElement("div");
    this.body.className = "zz";
    this.body.innerHTML = BODY;
    root.querySelector(".zz-wait")?.remove();
    root.append(this.body);
    const find = (name) => this.body.querySelector(`.zz-${name}`);
    for (const part of ["stage", "back", "front", "notes", "curve", "loss", "cursor", "scrub", "step", "speed", "play", "zoom"])
      this[part] = find(part);
    this.clock = Infinity; // in updates; a new page shows the whole descent
    this.playing = this.looping = false;
    this.speedFactor = 1;
    this.listen();
  }

  listen() {
    this.stopped = new AbortController();
    const on = (target, name, act, options) =>
      target.addEventListener(name, act, { signal: this.stopped.signal, ...options });
    for (const button of this.body.querySelectorAll("[data-do]"))
      on(button, "click", () => this.act(button.dataset.do));
    on(this.scrub, "input", () => (this.pause(), this.go(+this.scrub.value)));
    on(this.speed, "change", () => (this.speedFactor = +this.speed.value));
    on(window, "keydown", (event) => this.key(event));
    // Plotly's drag layer swallows clicks: a press that hardly moves is one.
    on(this.stage, "pointerdown", (event) => (this.press = event), { capture: true });
    on(window, "pointerup", (event) => this.click(event), { capture: true });
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(this.body);
  }

  close() {
    this.stopped.abort();
    this.watcher.disconnect();
    this.pause();
    this.space?.close();
    if (this.scene) for (const plot of [this.back, this.front, this.loss]) Plotly.purge(plot);
    this.body.remove();
  }

  async show(bytes) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const scene = await unpack(bytes);
    Object.assign(scene, await awaited(scene.ground).picture, { id: scene.id });
    if (turn !== this.turn) return; // a newer scene came while this one was unpacked
    if (scene.story !== this.scene?.story) this.clock = Infinity; // its claim is about the end
    this.scene = scene;
    this.scrub.max = scene.steps;
    this.clock = Math.min(this.clock, scene.steps);
    const look = scene.look && scene.look.id.join();
    if (look && look !== this.look) {
      this.pause();
      this.clock = scene.look.tick;
    }
    this.look = look;
    this.body.querySelector('[data-do="near"]').hidden = !look;
    await this.draw();
    const page = getComputedStyle(this.body).getPropertyValue("--st-background-color").trim();
    if (page && page.toLowerCase() !== scene.page && page !== this.page) this.tell("theme", (this.page = page));
    this.root.dataset.scene = scene.id;
    this.root.dataset.shown = (+this.root.dataset.shown || 0) + 1;
  }

  /** Draw what has changed. The surface stays as it is while only the paths change. */
  async draw() {
    const { scene } = this;
    const width = (this.width = this.body.clientWidth);
    if (!width) return;
    await (scene.space ? this.drawSpace(width) : this.drawPanels(width));
    const curves = scene.loss.data.map((trace, i) => ({ ...trace, uid: `loss${i}` }));
    const chart = { ...scene.loss.layout, width, height: innerHeight < 800 ? scene.lossHeight * 0.75 : scene.lossHeight, font: this.font(scene.loss) };
    await this.put(this.loss, curves, chart);
    this.reveal();
  }

  async drawSpace(width) {
    this.stage.hidden = true;
    this.zoom.textContent = "Reset camera";
    this.runs = []; // of panels
    this.space ??= new Space(
      this.stage,
      (plot, data, layout) => this.put(plot, data, layout),
      (turned) => (this.zoom.hidden = !turned),
    );
    const room = innerHeight - OTHERS - this.scene.lossHeight;
    await this.space.draw(this.scene, width, room, this.font(this.scene.back).family);
  }

  async drawPanels(width) {
    const { scene } = this;
    this.space?.close();
    this.space = null;
    this.stage.hidden = false;
    this.zoom.textContent = "Whole frame";
    const { columns, rows, layout: places } = scene.arrangements.find((a) => width < a.below);
    const { l, r, t, b } = scene.back.layout.margin;
    // Panels and curve together, if they can be, on a projector's screen.
    const room = (innerHeight - OTHERS - scene.lossHeight) / rows;
    const side = Math.max(scene.lowest, Math.min(scene.tallest, room, ((width - l - r) / columns) * scene.aspect));
    // Not much wider than high: a step down the gradient should look perpendicular to the contours.
    const wide = l + r + (columns * scene.widest * side) / scene.aspect;
    const size = { width: Math.round(Math.min(width, wide)), height: Math.round(side * rows + t + b) };
    const ground = [scene.ground, columns, width].join();
    const laid = (figure, extra) => {
      const layout = { ...figure.layout, ...size, ...extra, font: this.font(figure) };
      for (const [path, value] of Object.entries(places)) {
        const [key, name] = path.split(".");
        // The range is copied: Plotly writes a zoom into the one it is given.
        layout[key] = { ...layout[key], range: [...layout[key].range], [name]: value };
      }
      return layout;
    };
    if (ground !== this.ground) {
      const touch = matchMedia("(pointer: coarse)").matches;
      const extra = { uirevision: scene.frame, ...(touch && { dragmode: false }) };
      await Plotly.react(this.back, scene.back.data, laid(scene.back, extra), STILL);
      if (!this.ground) this.back.on("plotly_relayout", () => this.zoomed());
      this.ground = ground;
      this.size = size;
    }
    this.laid = laid;
    await this.drawPaths();
  }

  font(figure) {
    return { ...figure.layout.font, family: getComputedStyle(this.body).fontFamily };
  }

  /** Draw the paths within the axes' present ranges. */
  async drawPaths() {
    const { scene } = this;
    const axes = this.back._fullLayout;
    const [xs, ys] = [[...axes.xaxis.range], [...axes.yaxis.range]];
    const layout = this.laid(scene.front);
    for (const key of Object.keys(layout)) {
      if (/^[xy]axis/.test(key)) layout[key] = { ...layout[key], range: key[0] === "x" ? xs : ys, visible: false };
    }
    const clipped = new Map();
    const data = scene.front.data.map((trace) => {
      let { x, y } = trace;
      if (trace.mode === "lines") {
        if (!clipped.has(x)) clipped.set(x, clip(x, y, xs, ys));
        ({ x, y } = clipped.get(x));
      }
      return { ...trace, x, y, uid: trace.name };
    });
    // Titles change with what happened, and as text of the page they need no redrawn plot.
    const { annotations, ...bare } = layout;
    await this.put(this.front, data, bare);
    const full = this.front._fullLayout;
    this.notes.replaceChildren(...annotations.filter((note) => note.visible !== false).map((note) => {
      const [x, y] = [note.xref, note.yref].map((ref) => full[ref.split(" ")[0].replace(/^./, "$&axis")]);
      const title = document.createElement("div");
      title.innerHTML = note.text;
      title.style.cssText = `left:${x._offset + 3}px;top:${y._offset + 3}px;max-width:${x._length - 12}px;background:${note.bgcolor};color:${note.font.color}`;
      return title;
    }));
    const node = (name, what) => this.front.querySelector(`.trace${name} path.${what}`);
    this.runs = scene.front.data
      .filter((trace) => trace.name.startsWith("path-"))
      .map((trace) => {
        const run = trace.name.slice(5);
        const { x, y, at } = clipped.get(trace.x);
        const [px, py] = [trace.xaxis, trace.yaxis].map((name) => full[name.replace(/^./, "$&axis")]);
        const lengths = new Float64Array(x.length);
        for (let i = 1; i < x.length; i++)
          lengths[i] = lengths[i - 1] + Math.hypot(px.l2p(x[i]) - px.l2p(x[i - 1]), py.l2p(y[i]) - py.l2p(y[i - 1]));
        return {
          x: trace.x, y: trace.y, px, py, pace: scene.pace[run],
          travelled: Float64Array.from(at, (vertex) => lengths[vertex]),
          lines: [node(`casing-${run}`, "js-line"), node(`path-${run}`, "js-line")].filter(Boolean),
          head: node(`head-${run}`, "point"),
        };
      });
    this.zoom.hidden = xs.join() === scene.back.layout.xaxis.range.join() && ys.join() === scene.back.layout.yaxis.range.join();
  }

  /** Draw a figure; while only positions change, move Plotly's nodes: a tenth of the work. */
  async put(plot, data, layout) {
    const shape = JSON.stringify([
      layout,
      // What is neither a path nor a row of markers (arrows, contours) is drawn anew by Plotly.
      data.map(({ x, y, ...rest }) => [rest, { markers: y?.length, lines: y?.length > 0 }[rest.mode] ?? [x, y]]),
    ]);
    if (shape === plot.dataset.shape) this.move(plot, data);
    else await Plotly.react(plot, data, layout, { ...STILL, staticPlot: true });
    plot.dataset.shape = shape;
  }

  /** Put what Plotly has drawn for these traces where they are now. */
  move(plot, data) {
    const full = plot._fullLayout;
    const lines = new Map();
    for (const { uid, mode, x, dx, y, xaxis = "x", yaxis = "y" } of data) {
      if (mode !== "markers" && mode !== "lines") continue;
      const [px, py] = [xaxis, yaxis].map((name) => full[name.replace(/^./, "$&axis")]);
      const round = (pixel) => Math.round(100 * pixel) / 100;
      const at = (i) => `${round(px.l2p(x ? x[i] : i * dx))},${round(py.l2p(y[i]))}`;
      if (mode === "markers") {
        const points = plot.querySelectorAll(`.trace${uid} path.point`);
        points.forEach((point, i) => set(point, "transform", `translate(${at(i)})`));
      } else {
        if (!lines.has(y)) lines.set(y, `M${Array.from(y, (_, i) => at(i)).join("L")}`);
        const line = plot.querySelector(`.trace${uid} path.js-line`);
        if (line) set(line, "d", lines.get(y));
      }
    }
  }

  async zoomed() {
    await this.drawPaths();
    this.reveal();
  }

  resize() {
    if (!this.scene || this.body.clientWidth === this.width) return;
    cancelAnimationFrame(this.resizing);
    this.resizing = requestAnimationFrame(() => this.draw());
  }

  /** Move heads, travelled paths and cursor to the clock. */
  reveal() {
    const { scene, clock } = this;
    for (const run of this.runs) {
      const last = run.x.length - 1;
      const k = Math.min(clock * run.pace, last);
      const [from, to] = [Math.floor(k), Math.min(Math.floor(k) + 1, last)];
      const between = (values) => values[from] + (values[to] - values[from]) * (k - from);
      const length = between(run.travelled);
      for (const line of run.lines) {
        line.style.strokeDasharray = `${length} 1e7`;
        line.style.visibility = length ? "visible" : "hidden";
      }
      if (run.head) set(run.head, "transform", `translate(${run.px.l2p(between(run.x))},${run.py.l2p(between(run.y))})`);
    }
    this.space?.reveal(clock);
    const axis = this.loss._fullLayout.xaxis;
    this.cursor.style.transform = `translateX(${axis._offset + axis.l2p(clock * scene.tick)}px)`;
    this.cursor.style.top = `${this.loss._fullLayout.yaxis._offset}px`;
    this.cursor.style.height = `${this.loss._fullLayout.yaxis._length}px`;
    const step = Math.floor(clock + 1e-9);
    if (step !== this.shownStep || scene !== this.shownScene) {
      [this.shownStep, this.shownScene] = [step, scene];
      this.scrub.value = step;
      const [here, end] = [step, scene.steps].map((ticks) => +(ticks * scene.tick).toPrecision(4));
      this.step.textContent = `${scene.unit} ${here} of ${end}`;
      this.scrub.setAttribute("aria-valuetext", this.step.textContent);
    }
    this.root.dataset.step = step;
  }

  go(step) {
    if (!this.runs) return;
    this.clock = Math.max(0, Math.min(this.scene.steps, step));
    this.reveal();
  }

  act(what) {
    if (!this.scene) return;
    const here = Math.floor(this.clock + 1e-9);
    if (what === "play") return this.playing ? this.pause() : this.start();
    if (what === "loop") {
      this.looping = !this.looping;
      this.body.querySelector('[data-do="loop"]').setAttribute("aria-pressed", this.looping);
      return;
    }
    if (what === "look") return this.tell("look", this.scene.pace.map((pace) => this.clock * pace));
    if (what === "zoom" && this.space) return this.space.reset();
    if (what === "zoom" || what === "near") {
      const { xaxis, yaxis } = this.scene.back.layout;
      const [xs, ys] = what === "near" ? this.scene.look.near : [xaxis.range, yaxis.range];
      return Plotly.relayout(this.back, { "xaxis.range": [...xs], "yaxis.range": [...ys] });
    }
    this.pause();
    this.go({ home: 0, back: this.clock > here ? here : here - 1, on: here + 1, end: Infinity }[what]);
  }

  key(event) {
    const target = event.target;
    if (event.altKey || event.ctrlKey || event.metaKey || target.isContentEditable) return;
    if (target !== this.scrub && target.closest("input, textarea, select, [role=slider], [role=combobox], [role=radio], [role=tab], [role=listbox], [role=dialog]"))
      return;
    if (event.key === " " && target.closest("button, a, summary, label, [role=button]")) return;
    const what = { " ": "play", ArrowLeft: "back", ArrowRight: "on", Home: "home", End: "end" }[event.key];
    if (!what) return;
    event.preventDefault();
    this.act(what);
  }

  start() {
    if (this.clock >= this.scene.steps) this.clock = 0;
    this.playing = true;
    this.label();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let before = performance.now();
    let exact = this.clock;
    const tick = (now) => {
      exact += ((now - before) / 1000) * (this.scene.steps / SECONDS) * this.speedFactor;
      before = now;
      if (exact >= this.scene.steps) {
        if (!this.looping) {
          this.go(Infinity);
          return this.pause();
        }
        exact = 0;
      }
      this.go(still ? Math.floor(exact) : exact);
      this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  pause() {
    cancelAnimationFrame(this.frame);
    this.playing = false;
    this.label();
  }

  label() {
    this.play.textContent = this.playing ? "Pause" : "Play";
    this.play.setAttribute("aria-label", this.playing ? "Pause" : "Play");
  }

  click(event) {
    const press = this.press;
    this.press = null;
    if (!press || !this.scene || press.button) return;
    if (Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY) >= 4) return;
    const box = this.back.getBoundingClientRect();
    const axes = this.back._fullLayout;
    const within = (axis, pixel) => pixel >= axis._offset && pixel <= axis._offset + axis._length;
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    for (const [panel, { xaxis, yaxis }] of this.scene.back.data.filter((t) => t.type === "contour").entries()) {
      const [x, y] = [xaxis, yaxis].map((name) => axes[name.replace(/^./, "$&axis")]);
      if (within(x, left) && within(y, top)) return this.tell("start", [x.p2l(left - x._offset), y.p2l(top - y._offset), panel]);
    }
  }
}

/**
 * Cut a path to a box of seven frames, which Plotly draws exactly, and say where each step lies.
 *
 * Plotly moves points that are many screens away, and then the length of the drawn line is not
 * that of the data. Within the frame the cut path is the given one; what runs outside the box is
 * led along its border. Returns vertices x, y and, for every given point, the index of the vertex
 * at which the line has reached it.
 */
export function clip(x, y, [x0, x1], [y0, y1]) {
  const [wide, high] = [3 * (x1 - x0), 3 * (y1 - y0)];
  const box = [Math.min(x0 - wide, x1 - wide), Math.max(x1 + wide, x0 + wide), y0 - high, y1 + high];
  const inside = (i) => x[i] >= box[0] && x[i] <= box[1] && y[i] >= box[2] && y[i] <= box[3];
  const on = (i) => [Math.min(Math.max(x[i], box[0]), box[1]), Math.min(Math.max(y[i], box[2]), box[3])];
  if (x.every((_, i) => inside(i))) return { x, y, at: Uint32Array.from(x, (_, i) => i) };
  const out = { x: [], y: [], at: new Uint32Array(x.length) };
  const add = ([px, py]) => (out.x.push(px), out.y.push(py));
  for (let i = 0; i < x.length; i++) {
    if (i && !(inside(i) && inside(i - 1))) {
      const crossing = cross(x[i - 1], y[i - 1], x[i], y[i], box);
      if (crossing) crossing.forEach(add);
      else {
        // Wholly outside: go round by the corner, never across the frame.
        const [a, b] = [on(i - 1), on(i)];
        const corner = [[a[0], b[1]], [b[0], a[1]]].find(
          ([px, py]) => (px === box[0] || px === box[1]) && (py === box[2] || py === box[3]),
        );
        if (corner) add(corner);
      }
    }
    add(on(i));
    out.at[i] = out.x.length - 1;
  }
  return out;
}

/** The two points between which the line from a to b is inside the box, or null (Liang and Barsky). */
function cross(ax, ay, bx, by, [left, right, low, high]) {
  const [dx, dy] = [bx - ax, by - ay];
  let [enter, leave] = [0, 1];
  for (const [p, q] of [[-dx, ax - left], [dx, right - ax], [-dy, ay - low], [dy, high - ay]]) {
    if (p === 0 && q < 0) return null;
    if (p < 0) enter = Math.max(enter, q / p);
    if (p > 0) leave = Math.min(leave, q / p);
  }
  if (enter > leave) return null;
  return [enter, leave].map((t) => [ax + t * dx, ay + t * dy]);
}
