// The 3-D view: Plotly's WebGL draws the surface, and this file draws the paths over it, as the
// flat picture of points in space. It is drawn anew when the camera moves; while the player plays
// only heads and travelled paths are.

const PARTS = `
<div class="zz-surface"></div><canvas></canvas><canvas></canvas><div class="zz-marks"></div>
<div class="zz-notes"></div>`;
const NONE = `
<div class="zz-none" role="alert">This browser shows no 3-D graphics (WebGL). The other views need none.</div>`;
const HIDDEN = 0.3; // opacity of what is behind the surface
const LIFT = 0.015; // of the box's height: what is hidden by less lies on the surface
const EDGE = 14; // pixels from an axis to its labels

/** The 3-D view below `place`. `put` draws a flat figure; `turned` hears whether the camera was moved. */
export class Space {
  constructor(place, put, turned) {
    this.root = document.createElement("div");
    this.root.className = "zz-space";
    this.root.setAttribute("role", "img");
    this.root.title = "Drag to turn, Ctrl and wheel to zoom";
    this.root.innerHTML = PARTS;
    place.after(this.root);
    [this.surface, , , this.marks, this.notes] = this.root.children;
    [this.under, this.over] = [...this.root.querySelectorAll("canvas")].map((canvas) => canvas.getContext("2d"));
    this.put = put;
    this.turned = turned;
    this.listen();
  }

  /** Let the wheel and a finger that moves up or down scroll the page, as everywhere on it. */
  listen() {
    const on = (name, act) => this.root.addEventListener(name, act, { capture: true, passive: false });
    on("wheel", (event) => event.ctrlKey || event.stopPropagation());
    let first = null;
    on("touchstart", (event) => {
      if (!event.isTrusted) return;
      first = event.touches.length === 1 ? event : null;
      if (first) event.stopPropagation(); // Plotly would keep the page from scrolling
    });
    on("touchmove", (event) => {
      if (!first) return;
      const [from, to] = [first.changedTouches[0], event.changedTouches[0]];
      if (Math.abs(to.clientX - from.clientX) <= Math.abs(to.clientY - from.clientY)) return event.stopPropagation();
      const { changedTouches, touches, targetTouches, target } = first;
      first = null;
      const lists = { changedTouches, touches, targetTouches };
      for (const [name, list] of Object.entries(lists)) lists[name] = [...list];
      target.dispatchEvent(new TouchEvent("touchstart", { ...lists, bubbles: true, cancelable: true }));
    });
  }

  close() {
    const gl = this.plot?.gl;
    Plotly.purge(this.surface);
    Plotly.purge(this.marks);
    gl?.getExtension("WEBGL_lose_context")?.loseContext(); // a browser has room for sixteen
    this.root.remove();
  }

  get plot() {
    return this.surface._fullLayout?.scene?._scene?.glplot;
  }

  /** Draw a scene; the surface stays as it is while only paths change. */
  async draw(scene, width, font) {
    const { tallest, lowest, widest, back } = scene;
    const height = Math.max(lowest, Math.min(tallest, width * scene.aspect));
    Object.assign(this, { scene, width: Math.round(Math.min(width, widest * height)), height: Math.round(height) });
    this.font = `${back.layout.font.size}px ${font}`;
    Object.assign(this.root.style, { width: `${this.width}px`, height: `${this.height}px` });
    this.root.setAttribute("aria-label", scene.label);
    if (!works()) return void (this.root.innerHTML = NONE);
    const size = { width: this.width, height: this.height };
    const ground = [scene.ground, this.width].join();
    if (ground !== this.ground) {
      const { camera, ...box } = back.layout.scene;
      const layout = { ...back.layout, ...size, uirevision: scene.frame, scene: { ...box, camera: structuredClone(camera) } };
      const surfaces = back.data.filter((trace) => trace.type === "surface");
      await Plotly.react(this.surface, surfaces, layout, { displayModeBar: false, responsive: false, doubleClick: false, scrollZoom: true, plotGlPixelRatio: Math.min(2, devicePixelRatio) });
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

  reset() {
    return Plotly.relayout(this.surface, { "scene.camera": structuredClone(this.scene.back.layout.scene.camera) });
  }

  /** Place everything as the camera sees it. */
  look() {
    if (!this.plot || !this.runs) return;
    const { eye } = this.scene.back.layout.scene.camera;
    const camera = this.followed.getCamera();
    this.turned("xyz".split("").some((letter) => Math.abs(camera.eye[letter] - eye[letter]) > 1e-3 || Math.abs(camera.center[letter]) > 1e-3));
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
    const { _fullLayout: full } = this.surface;
    const ranges = ["xaxis", "yaxis", "zaxis"].map((name) => full.scene[name].range);
    const near = [0, 1].map((i) => ranges[i][+(this.eye[i] > (ranges[i][0] + ranges[i][1]) / 2)]);
    const far = [0, 1].map((i) => ranges[i][0] + ranges[i][1] - near[i]);
    // The loss stands at the one of the two outer edges that is on the left.
    const [left] = [[near[0], far[1]], [far[0], near[1]]].sort((a, b) => this.pixel(...a, ranges[2][0])[0] - this.pixel(...b, ranges[2][0])[0]);
    const edges = [
      (value) => [value, near[1], ranges[2][0]],
      (value) => [near[0], value, ranges[2][0]],
      (value) => [...left, value],
    ];
    const middle = this.pixel(...ranges.map(([low, high]) => (low + high) / 2));
    const context = this.under;
    Object.assign(context, { font: this.font, fillStyle: layout.font.color, textBaseline: "middle" });
    edges.forEach((edge, i) => {
      const { tickvals, ticktext } = layout.scene[`${"xyz"[i]}axis`];
      const write = (text, value, away) => {
        const [x, y] = this.pixel(...edge(value));
        const [dx, dy] = i === 2 ? [-1, 0] : [x - middle[0], y - middle[1]];
        const length = Math.hypot(dx, dy) || 1;
        context.textAlign = i === 2 ? "right" : "center";
        context.fillText(text, x + (away * dx) / length, y + (away * dy) / length);
      };
      tickvals.forEach((value, k) => write(ticktext[k], value, i === 2 ? EDGE / 2 : EDGE));
      write(layout.meta[i], (ranges[i][0] + ranges[i][1]) / 2, i === 2 ? 3.5 * EDGE : 2.6 * EDGE);
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
