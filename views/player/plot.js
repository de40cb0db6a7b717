// Plotly: the one module that calls it, and that reads what it does not document: the axes and the
// camera as drawn, and the nodes that it makes. Seen in plotly.js 4.1.1.

import { set } from "./renew.js";

/** @import { Axis, Camera, Range, Trace } from "./types.js" */

const STILL = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false };

/** @type {WeakMap<HTMLElement, string>} What of a plot only Plotly can change, as it is drawn. */
const shapes = new WeakMap();

/**
 * What Plotly keeps of a plot that it has drawn.
 * @param {HTMLElement} plot
 */
const full = (plot) => /** @type {any} */ (plot)._fullLayout;

/**
 * Draw a figure that can be zoomed or clicked. Plotly writes into what it is given.
 * @param {HTMLElement} plot
 * @param {Trace[]} data
 * @param {object} layout
 * @param {object} [config] Beside the usual.
 * @returns {Promise<void>}
 */
export async function draw(plot, data, layout, config = {}) {
  shapes.delete(plot);
  await Plotly.react(plot, data, layout, { ...STILL, ...config });
}

/**
 * Draw a figure that is only looked at. While nothing but positions change, Plotly's nodes are
 * moved, which is a tenth of the work.
 * @param {HTMLElement} plot
 * @param {Trace[]} data
 * @param {object} layout
 */
export async function drawStill(plot, data, layout) {
  const shape = JSON.stringify([
    layout,
    // What is neither a path nor a row of markers (arrows, contours) is drawn anew by Plotly.
    data.map(({ x, y, ...rest }) => {
      if (rest.mode === "markers") return [rest, y?.length];
      return [rest, rest.mode === "lines" ? y?.length > 0 : [x, y]];
    }),
  ]);
  if (shape === shapes.get(plot)) move(plot, data);
  else await draw(plot, data, layout, { staticPlot: true });
  shapes.set(plot, shape);
}

/**
 * Put what Plotly has drawn for these traces where they are now.
 * @param {HTMLElement} plot
 * @param {Trace[]} data
 */
function move(plot, data) {
  /** @type {Map<unknown, string>} A path and its casing share their numbers. */
  const lines = new Map();
  for (const { uid = "", mode, x, x0 = 0, dx = 1, y, xaxis = "x", yaxis = "y" } of data) {
    if (mode !== "markers" && mode !== "lines") continue;
    const [px, py] = [axis(plot, xaxis), axis(plot, yaxis)];
    const round = (/** @type {number} */ pixel) => Math.round(100 * pixel) / 100;
    const at = (/** @type {number} */ i) =>
      `${round(px.toPixel(x ? x[i] : x0 + i * dx))},${round(py.toPixel(y[i]))}`;
    if (mode === "markers") {
      for (const [i, node] of markers(plot, uid).entries()) {
        set(node, "transform", `translate(${at(i)})`);
      }
    } else {
      if (!lines.has(y)) lines.set(y, `M${Array.from(y, (_, i) => at(i)).join("L")}`);
      const node = line(plot, uid);
      if (node) set(node, "d", lines.get(y) ?? "");
    }
  }
}

/**
 * Take away what was drawn; nothing need have been.
 * @param {HTMLElement} plot
 */
export function erase(plot) {
  shapes.delete(plot);
  if (full(plot)) Plotly.purge(plot);
}

/**
 * Change parts of a layout, by their paths.
 * @param {HTMLElement} plot
 * @param {object} changes
 * @returns {Promise<void>}
 */
export const change = (plot, changes) => Plotly.relayout(plot, changes);

/**
 * Call `act` after every zoom and other change of the layout, until the plot is erased.
 * @param {HTMLElement} plot
 * @param {() => void} act
 */
export const onChange = (plot, act) => /** @type {any} */ (plot).on("plotly_relayout", act);

/**
 * An axis as it is drawn now; `name` as a trace has it, "x2".
 * @param {HTMLElement} plot
 * @param {string} name
 * @returns {Axis}
 */
export function axis(plot, name) {
  const drawn = full(plot)[layoutKey(name)];
  return {
    offset: drawn._offset,
    length: drawn._length,
    range: [drawn.range[0], drawn.range[1]],
    toPixel: (value) => drawn._m * value + drawn._b, // l2p, which also rounds, takes longer
    toValue: (pixel) => drawn.p2l(pixel),
  };
}

/**
 * The layout's name of an axis: "xaxis2" of "x2".
 * @param {string} name
 */
export const layoutKey = (name) => name.replace(/^./, "$&axis");

/**
 * What is at a pixel of a plot, in the coordinates of two axes, or null beside them.
 * @param {Axis} x
 * @param {Axis} y
 * @param {number} left
 * @param {number} top
 * @returns {[number, number] | null}
 */
export function valueAt(x, y, left, top) {
  const [right, down] = [left - x.offset, top - y.offset];
  if (right < 0 || right > x.length || down < 0 || down > y.length) return null;
  return [x.toValue(right), y.toValue(down)];
}

/**
 * The nodes of a trace's markers, by the trace's uid.
 * @param {HTMLElement} plot
 * @param {string} uid
 * @returns {NodeListOf<SVGElement>}
 */
export const markers = (plot, uid) => plot.querySelectorAll(`.trace${uid} path.point`);

/**
 * The node of a trace's line, if it has one.
 * @param {HTMLElement} plot
 * @param {string} uid
 * @returns {SVGElement | null}
 */
export const line = (plot, uid) => plot.querySelector(`.trace${uid} path.js-line`);

// --- In space

/**
 * How the camera sees the surface: 4 x 4 matrices, column by column, and the pixels' scales.
 * @typedef {{ projection: number[], view: number[], model: number[], scale: number[] }} Matrices
 */

/** @type {WeakSet<object>} The scenes whose pictures are heard of. */
const heard = new WeakSet();
/** @type {WeakMap<object, string>} What was read back of the last picture, by its scene. */
const read = new WeakMap();

/**
 * Plotly's scene, once WebGL has drawn it.
 * @param {HTMLElement} plot
 */
function drawnSpace(plot) {
  const scene = full(plot)?.scene?._scene;
  return scene?.glplot ? scene : null;
}

/**
 * Tell whether WebGL has drawn here.
 * @param {HTMLElement} plot
 */
export const isSpaceDrawn = (plot) => drawnSpace(plot) !== null;

/**
 * Draw a surface in space.
 * @param {HTMLElement} plot
 * @param {Trace[]} data
 * @param {object} layout
 */
export const drawSpace = (plot, data, layout) =>
  draw(plot, data, layout, { plotGlPixelRatio: Math.min(2, devicePixelRatio) });

/**
 * Call `act` after every picture of the surface, also in a context which was lost and came back.
 * @param {HTMLElement} plot
 * @param {() => void} act
 */
export function onPicture(plot, act) {
  const scene = drawnSpace(plot);
  if (!scene || heard.has(scene)) return;
  heard.add(scene);
  const render = scene.render.bind(scene);
  scene.render = () => {
    read.delete(scene);
    render();
    act();
  };
}

/**
 * How the camera sees the surface in the last picture.
 * @param {HTMLElement} plot
 * @returns {Matrices}
 */
export function matrices(plot) {
  const { glplot, dataScale } = drawnSpace(plot);
  const { projection, view, model } = glplot.cameraParams;
  return { projection, view, model, scale: dataScale };
}

/**
 * The ranges of the three axes in space.
 * @param {HTMLElement} plot
 * @returns {[Range, Range, Range]}
 */
export function spaceRanges(plot) {
  const { xaxis, yaxis, zaxis } = full(plot).scene;
  return [xaxis.range, yaxis.range, zaxis.range];
}

/**
 * The surface as it is drawn now, as the address of a picture: WebGL keeps no pixels to read later.
 * @param {HTMLElement} plot
 * @returns {string}
 */
export function spaceImage(plot) {
  const scene = drawnSpace(plot);
  if (!scene) return "";
  const known = read.get(scene);
  if (known) return known;
  const image = scene.toImage("png");
  // It drew for that, which was no other picture; without somebody who hears, none would be known.
  if (heard.has(scene)) read.set(scene, image);
  return image;
}

/**
 * Point the camera.
 * @param {HTMLElement} plot
 * @param {Camera} camera
 */
export const point = (plot, camera) => change(plot, { "scene.camera": structuredClone(camera) });

/**
 * Take away a surface and give back its WebGL context: a browser has room for sixteen.
 * @param {HTMLElement} plot
 */
export function eraseSpace(plot) {
  const gl = drawnSpace(plot)?.glplot.gl;
  erase(plot);
  lose(gl);
}

/** @type {boolean | undefined} */
let webgl;

/** Tell whether the browser has WebGL; it is asked once, because every asking takes a context. */
export function hasWebgl() {
  if (webgl === undefined) {
    const gl = document.createElement("canvas").getContext("webgl");
    webgl = gl !== null;
    lose(gl);
  }
  return webgl;
}

/** @param {WebGLRenderingContext | null | undefined} gl */
const lose = (gl) => gl?.getExtension("WEBGL_lose_context")?.loseContext();
