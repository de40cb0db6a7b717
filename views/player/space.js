// The 3-D view: Plotly's WebGL draws the surface, and this file draws over it what Python has put
// into space, as a flat picture: all of it when the camera moves, and while the player plays only
// heads and travelled paths.

const PARTS = `
<div class="zz-view" role="application" tabindex="0" title="Drag to turn, Ctrl and wheel to zoom; in focus: arrow keys, + and −">
  <div class="zz-surface"></div><canvas></canvas><canvas></canvas><div class="zz-marks"></div>
</div>
<div class="zz-notes"></div>`;
const NONE = `
<div class="zz-none" role="alert">This browser shows no 3-D graphics (WebGL). The other views need none.</div>`;
const HIDDEN = 0.3; // opacity of what is behind the surface
const LIFT = 0.015; // of the box's height: what is hidden by less lies on the surface
const EDGE = 14; // pixels from an axis to its labels, and at least between them
const STEEPEST = 1.5; // radians: from above, but never over the top
const NEAR_FAR = [0.7, 5];
// What a key does to the camera: radians around and up, and to its distance.
const KEYS = {
  ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1],
  "+": [0, 0, 0.9], "=": [0, 0, 0.9], "-": [0, 0, 1 / 0.9],
};
let camera = null; // as the reader left it, whatever is shown next
const AXES = ["xaxis", "yaxis", "zaxis"];

/** The 3-D view below `place`. `put` draws a flat figure; `turned` hears whether the camera was moved. */
export class Space {
  constructor(place, put, turned) {
    this.root = document.createElement("div");
    this.root.className = "zz-space";
    this.root.innerHTML = PARTS;
    place.after(this.root);
    [this.view, this.notes] = this.root.children;
    const [surface, under, over, marks] = this.view.children;
    Object.assign(this, { surface, marks, under: under.getContext("2d"), over: over.getContext("2d") });
    this.put = put;
    this.turned = turned;
    this.listen();
  }

  /**
   * Turn what is dragged. Plotly's own way overshoots where pictures are slow, and takes the wheel
   * and every finger from the page; here only a finger that moves sideways turns (see the style).
   */
  listen() {
    const on = (name, act) => this.view.addEventListener(name, act, { passive: false, capture: true });
    let grip = null;
    on("pointerdown", (event) => {
      if (event.button || !event.isPrimary) return;
      grip = event;
      this.view.setPointerCapture(event.pointerId);
    });
    on("pointermove", (event) => {
      if (grip?.pointerId !== event.pointerId) return;
      const [right, down] = [event.clientX - grip.clientX, event.clientY - grip.clientY];
      const scrolls = event.pointerType === "touch" && grip.type === "pointerdown" && Math.abs(down) >= Math.abs(right);
      grip = scrolls ? null : event;
      if (grip) this.turn((-right * Math.PI) / this.height, (down * Math.PI) / this.height);
    });
    for (const name of ["pointerup", "pointercancel"]) on(name, () => (grip = null));
    on("wheel", (event) => {
      if (!event.ctrlKey) return; // the page scrolls
      event.preventDefault();
      this.turn(0, 0, Math.exp(event.deltaY / 500));
    });
    on("mousedown", (event) => event.preventDefault()); // no focus: a mouse leaves the keys to the clock
    on("keydown", (event) => {
      const move = KEYS[event.key];
      if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.turn(...move);
    });
    on("webglcontextlost", (event) => event.preventDefault()); // so that the browser brings it back
  }

  /** Move the camera around the middle, by angles, and to `further` times its distance. */
  turn(around, up, further = 1) {
    if (!this.plot) return;
    const { center, eye } = (camera ??= structuredClone(this.first));
    const [x, y, z] = ["x", "y", "z"].map((key) => eye[key] - center[key]);
    const distance = Math.min(NEAR_FAR[1], Math.max(NEAR_FAR[0], Math.hypot(x, y, z) * further));
    const side = Math.atan2(y, x) + around;
    const height = Math.min(STEEPEST, Math.max(-STEEPEST, Math.atan2(z, Math.hypot(x, y)) + up));
    eye.x = center.x + distance * Math.cos(height) * Math.cos(side);
    eye.y = center.y + distance * Math.cos(height) * Math.sin(side);
    eye.z = center.z + distance * Math.sin(height);
    this.aimed ??= requestAnimationFrame(() => {
      this.aimed = null;
      if (this.plot) Plotly.relayout(this.surface, { "scene.camera": structuredClone(camera ?? this.first) });
    });
    this.turned(true);
  }

  reset() {
    camera = null;
    this.turned(false);
    return Plotly.relayout(this.surface, { "scene.camera": structuredClone(this.first) });
  }

  close() {
    cancelAnimationFrame(this.aimed);
    const gl = this.plot?.gl;
    Plotly.purge(this.surface);
    Plotly.purge(this.marks);
    gl?.getExtension("WEBGL_lose_context")?.loseContext(); // a browser has room for sixteen
    this.root.remove();
  }

  get plot() {
    return this.surface._fullLayout?.scene?._scene?.glplot;
  }

  /** Draw a scene, not much higher than `room`; the surface stays as it is while only paths change. */
  async draw(scene, width, room, font) {
    const { tallest, lowest, widest, back } = scene;
    const height = Math.max(lowest, Math.min(tallest, room, width * scene.aspect));
    Object.assign(this, { scene, width: Math.round(Math.min(width, widest * height)), height: Math.round(height) });
    this.font = `${back.layout.font.size}px ${font}`;
    this.root.style.width = `${this.width}px`;
    this.view.style.height = `${this.height}px`;
    this.view.setAttribute("aria-label", scene.label);
    this.turned(camera !== null);
    if (!works()) return void (this.root.innerHTML = NONE);
    const size = { width: this.width, height: this.height };
    const ground = [scene.ground, this.width, this.height, devicePixelRatio].join();
    if (ground !== this.ground) {
      const space = structuredClone(back.layout.scene); // Plotly writes the camera into the one it is given
      for (const name of AXES) space[name].ticktext = space[name].tickvals.map(() => "");
      this.first = structuredClone(space.camera);
      if (camera) space.camera = structuredClone(camera);
      const layout = { ...back.layout, ...size, scene: space };
      const surfaces = back.data.filter((trace) => trace.type === "surface");
      await Plotly.react(this.surface, surfaces, layout, { displayModeBar: false, responsive: false, doubleClick: false, plotGlPixelRatio: Math.min(2, devicePixelRatio) });
      if (!this.root.isConnected) return; // another view was chosen meanwhile
      this.ground = ground;
      for (const { canvas } of [this.under, this.over]) {
        canvas.width = this.width * devicePixelRatio;
        canvas.height = this.height * devicePixelRatio;
      }
      this.follow();
    }
    const marks = [...back.data, ...scene.front.data].filter((trace) => trace.mode === "markers");
    const flat = ({ customdata, ...trace }) => ({ ...trace, x: trace.x.map(() => 0), y: trace.y.map(() => 0), uid: trace.name });
    const { annotations, ...layout } = scene.front.layout;
    await this.put(this.marks, marks.map(flat), { ...layout, ...size });
    this.note(annotations);
    this.points = marks.map((trace) => ({
      place: spots(trace),
      nodes: this.marks.querySelectorAll(`.trace${trace.name} path.point`),
    }));
    const named = (name) => scene.front.data.find((trace) => trace.name === name);
    this.runs = scene.runs.map((run, i) => {
      const [faint, casing, path] = ["faint", "casing", "path"].map((what) => named(`${what}-${i}`));
      const place = spots(path);
      const fresh = new Uint8Array(place.count);
      for (const start of run.starts) fresh[start] = 1;
      const times = run.times ?? Float64Array.from(fresh, (_, vertex) => vertex);
      const head = this.marks.querySelector(`.tracehead-${i} path.point`);
      return { faint, casing, path, place, fresh, times, head, last: run.last, pace: scene.pace[i], behind: new Uint8Array(place.count) };
    });
    this.look();
  }

  note(annotations) {
    this.notes.replaceChildren(...annotations.filter((note) => note.visible).map((note) => {
      const text = document.createElement("div");
      text.innerHTML = note.text;
      text.style.cssText = `left:3px;top:3px;max-width:${this.width - 12}px;background:${note.bgcolor};color:${note.font.color}`;
      return text;
    }));
  }

  /** Follow the camera, also that of a context which was lost and came back. */
  follow() {
    const scene = this.surface._fullLayout.scene._scene;
    if (!this.plot || scene === this.followed) return;
    this.followed = scene;
    const render = scene.render.bind(scene);
    scene.render = () => {
      render();
      this.look();
    };
  }

  /** Place everything as the camera sees it. */
  look() {
    if (!this.plot || !this.runs) return;
    this.aim();
    for (const { place, nodes } of this.points) {
      this.project(place);
      nodes.forEach((node, i) => this.stand(node, place.px[i], place.py[i], this.hides(place, i)));
    }
    for (const run of this.runs) {
      const { place, behind } = run;
      this.project(place);
      for (let i = 1; i < place.count; i++) behind[i] = this.hides(place, i - 0.5);
    }
    this.clear(this.under);
    this.label();
    for (const { faint, ...run } of this.runs) {
      this.line(this.under, run, run.place.count - 1, null, 0, [faint.line, faint.opacity]);
      this.line(this.under, run, run.place.count - 1, null, 1, [faint.line, faint.opacity * HIDDEN]);
    }
    if (this.clock !== undefined) this.reveal(this.clock);
  }

  /** Move heads and travelled paths to the clock. */
  reveal(clock) {
    this.clock = clock;
    if (!this.plot || !this.runs) return;
    this.clear(this.over);
    for (const run of this.runs) {
      const { times, place, fresh } = run;
      const now = Math.min(clock * run.pace, run.last);
      let vertex = times.length; // the last that the path has reached
      for (let low = 0; low < vertex; ) {
        const middle = (low + vertex) >> 1;
        if (times[middle] <= now) low = middle + 1;
        else vertex = middle;
      }
      vertex--;
      const there = vertex >= 0 && (times[vertex] === now || (vertex + 1 < times.length && !fresh[vertex + 1]));
      const share = there && times[vertex] < now ? (now - times[vertex]) / (times[vertex + 1] - times[vertex]) : 0;
      const at = vertex + share;
      const tip = there && [between(place.px, at), between(place.py, at)];
      this.line(this.over, run, vertex, tip, 1, [run.path.line, HIDDEN]);
      this.line(this.over, run, vertex, tip, 0, [run.casing.line, 1], [run.path.line, 1]);
      run.head.style.visibility = there ? "visible" : "hidden";
      if (there) this.stand(run.head, ...tip, this.hides(place, at));
    }
  }

  stand(node, x, y, hidden) {
    node.setAttribute("transform", `translate(${x.toFixed(2)},${y.toFixed(2)})`);
    node.style.opacity = hidden ? 2 * HIDDEN : 1;
  }

  clear(context) {
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
  }

  /** Draw a path up to a vertex, and on to a tip, where it is in sight (0) or behind the surface (1). */
  line(context, { place: { px, py }, fresh, behind }, last, tip, sight, ...styles) {
    context.beginPath();
    let down = false;
    for (let i = 1; i <= last + 1; i++) {
      const end = i <= last ? null : tip;
      const drawn = (i <= last || (end && i < px.length)) && !fresh[i] && behind[i] === sight;
      if (drawn && !down) context.moveTo(px[i - 1], py[i - 1]);
      if (drawn) end ? context.lineTo(...end) : context.lineTo(px[i], py[i]);
      down = drawn;
    }
    context.lineJoin = context.lineCap = "round";
    for (const [{ width, color }, opacity] of styles) {
      Object.assign(context, { lineWidth: width, strokeStyle: color, globalAlpha: opacity });
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /** Write the ticks' labels along the edges that face the reader. */
  label() {
    const { layout } = this.scene.back;
    const ranges = AXES.map((name) => this.surface._fullLayout.scene[name].range);
    const middle = ranges.map(([low, high]) => (low + high) / 2);
    const near = [0, 1].map((i) => ranges[i][+(this.eye[i] > middle[i])]);
    const far = [0, 1].map((i) => 2 * middle[i] - near[i]);
    const [, , [bottom, top]] = ranges;
    // The loss stands at the one of the two outer edges that is on the left.
    const [left] = [[near[0], far[1]], [far[0], near[1]]].sort((a, b) => this.pixel(...a, bottom)[0] - this.pixel(...b, bottom)[0]);
    const edges = [(x) => [x, near[1], bottom], (y) => [near[0], y, bottom], (z) => [...left, z]];
    const centre = this.pixel(...middle);
    const context = this.under;
    Object.assign(context, { font: this.font, fillStyle: layout.font.color, textBaseline: "middle" });
    const written = [];
    const write = (text, [x, y], away, [dx, dy]) => {
      const length = Math.hypot(dx, dy) || 1;
      const spot = [x + (away * dx) / length, y + (away * dy) / length];
      if (written.some((other) => Math.hypot(spot[0] - other[0], spot[1] - other[1]) < EDGE)) return;
      written.push(spot);
      context.fillText(text, ...spot);
    };
    AXES.forEach((name, i) => {
      const { tickvals, ticktext } = layout.scene[name];
      const aside = ([x, y]) => (i < 2 ? [x - centre[0], y - centre[1]] : [-1, 0]);
      context.textAlign = i < 2 ? "center" : "right";
      tickvals.forEach((value, k) => {
        const spot = this.pixel(...edges[i](value));
        write(ticktext[k], spot, i < 2 ? EDGE : EDGE / 2, aside(spot));
      });
      const end = this.pixel(...edges[i](i < 2 ? middle[i] : top));
      write(layout.meta[i], end, i < 2 ? 2.6 * EDGE : EDGE, i < 2 ? aside(end) : [0, -1]);
    });
  }

  /** Take in the camera: the matrix from the surface's units to pixels, and where the eye is. */
  aim() {
    const { projection, view, model } = this.plot.cameraParams;
    const { dataScale } = this.followed;
    this.matrix = product(projection, product(view, model)).map((value, i) => (i < 12 ? value * dataScale[i >> 2] : value));
    // The view turns and shifts, the model stretches each axis and shifts: both are easy to undo.
    this.eye = [0, 1, 2].map((i) => {
      let sum = 0;
      for (let k = 0; k < 3; k++) sum -= view[4 * i + k] * view[12 + k];
      return (sum - model[12 + i]) / model[5 * i] / dataScale[i];
    });
    const { x, y, z } = this.scene.back.data[0];
    const side = (values) => [values[0], (values.length - 1) / (values.at(-1) - values[0])];
    const range = this.surface._fullLayout.scene.zaxis.range;
    this.grid = { z, x: side(x), y: side(y), top: range[1], lift: LIFT * (range[1] - range[0]) };
  }

  pixel(x, y, z) {
    const m = this.matrix;
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    return [
      (0.5 + (m[0] * x + m[4] * y + m[8] * z + m[12]) / w / 2) * this.width,
      (0.5 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w / 2) * this.height,
    ];
  }

  project(place) {
    for (let i = 0; i < place.count; i++) [place.px[i], place.py[i]] = this.pixel(place.x[i], place.y[i], place.z[i]);
  }

  /** Tell whether the surface is between the eye and a point, which is here on it or above it. */
  hides(place, i) {
    const { z, x: [x0, wide], y: [y0, high], top, lift } = this.grid;
    const last = z.length - 1;
    const at = (values) => between(values, i);
    const height = (column, row) => {
      const [c, r] = [Math.min(Math.floor(column), last - 1), Math.min(Math.floor(row), last - 1)];
      const [s, t] = [column - c, row - r];
      return (1 - t) * ((1 - s) * z[r][c] + s * z[r][c + 1]) + t * ((1 - s) * z[r + 1][c] + s * z[r + 1][c + 1]);
    };
    let [column, row] = [(at(place.x) - x0) * wide, (at(place.y) - y0) * high];
    let level = at(place.z);
    const [dx, dy, dz] = [(this.eye[0] - x0) * wide - column, (this.eye[1] - y0) * high - row, this.eye[2] - level];
    const step = 1 / Math.max(Math.abs(dx), Math.abs(dy), 1); // one cell of the grid
    for (let t = 0; t < 1; t += step) {
      if (column < 0 || row < 0 || column > last || row > last || level > top) return 0;
      const ground = height(column, row);
      if (t === 0) level = Math.max(level, ground);
      else if (ground > level + lift) return 1;
      [column, row, level] = [column + step * dx, row + step * dy, level + step * dz];
    }
    return 0;
  }
}

let answer;

/** Tell whether the browser has WebGL; it is asked once, because every asking takes a context. */
function works() {
  if (answer === undefined) {
    const gl = document.createElement("canvas").getContext("webgl");
    answer = gl !== null;
    gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return answer;
}

/** A trace's points in space, with room for where they are seen. */
function spots({ x, y, customdata: z }) {
  return { x, y, z, count: x.length, px: new Float64Array(x.length), py: new Float64Array(x.length) };
}

function between(values, i) {
  const k = Math.floor(i);
  return i === k ? values[k] : values[k] + (values[k + 1] - values[k]) * (i - k);
}

/** The product of two 4 x 4 matrices, column by column. */
function product(a, b) {
  return Array.from({ length: 16 }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < 4; k++) sum += a[4 * k + (i % 4)] * b[4 * (i >> 2) + k];
    return sum;
  });
}
