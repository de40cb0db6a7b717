// The picture as a file: what stands on the page, as one SVG that needs nothing else, or its pixels.

import { saveAs } from "./file.js";
import { spaceImage } from "./plot.js";
import { say } from "./renew.js";
import { tr } from "./texts.js";
import { typefaces } from "./typefaces.js";

const SAVES = ".zz-picture"; // a button that saves
const TITLE = ".zz-title"; // what the page calls what is shown
const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 12; // pixels around all, and between the parts
const KEY = ".zz-key"; // a mark on a piece of its line, which a style sheet draws
const MOST_PIXELS = 2 ** 24; // of a canvas, in the least of browsers
const LINE = 2.5; // pixels: how wide that is
// What the page's styles may say, which are not in the file.
const OF_ALL = "opacity visibility display".split(" ");
const OF_MARKS = [
  ...OF_ALL,
  ..."fill fill-opacity stroke stroke-width stroke-opacity stroke-dasharray".split(" "),
  ..."stroke-linecap stroke-linejoin paint-order".split(" "),
  ..."font-family font-size font-weight font-style text-anchor dominant-baseline".split(" "),
];

/**
 * Let buttons of the page save what some elements show.
 * @param {HTMLElement[]} parts
 * @param {AbortSignal} signal Ends it.
 */
export function savePictures(parts, signal) {
  const press = (/** @type {MouseEvent} */ { target }) => {
    const button = target instanceof Element && target.closest(SAVES);
    if (!(button instanceof HTMLElement)) return;
    button.dataset.title ??= button.textContent ?? ""; // of which a failure takes the place
    const { title } = button.dataset;
    say(button, title);
    save(parts, button).catch((error) => {
      say(button, `${title}: ${tr("This browser cannot make the file.")}`);
      console.error(error);
    });
  };
  document.addEventListener("click", press, { signal });
}

/**
 * @param {HTMLElement[]} parts
 * @param {HTMLElement} button Says the file's name, and how wide it is if it is made of pixels.
 */
async function save(parts, { dataset }) {
  const { svg, width, height } = drawn(parts);
  const wide = Math.min(Number(dataset.width), Math.sqrt((MOST_PIXELS * width) / height));
  saveAs(
    wide
      ? await blobOf(await painted(svg, Math.floor(wide), Math.floor((wide * height) / width)))
      : await packed(svg),
    dataset.name ?? "",
  );
}

/**
 * Return a picture as a file, with the typefaces of its texts.
 * @param {SVGElement} svg
 */
async function packed(svg) {
  const texts = [...svg.querySelectorAll("[font-family]")];
  const families = new Set(texts.map((text) => text.getAttribute("font-family") ?? ""));
  const style = make("style", {});
  style.textContent = await typefaces(families);
  svg.prepend(style);
  return new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" });
}

/**
 * Return a picture as pixels.
 * @param {SVGElement} svg
 * @param {number} width
 * @param {number} height
 */
export async function painted(svg, width, height) {
  const image = new Image(width, height);
  image.src = URL.createObjectURL(await packed(svg));
  await image.decode().finally(() => URL.revokeObjectURL(image.src));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  contextOf(canvas).drawImage(image, 0, 0, width, height);
  return canvas;
}

/** @param {HTMLCanvasElement} canvas */
export const contextOf = (canvas) =>
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));

/**
 * Return a canvas as a picture's file, without loss.
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob>}
 */
export const blobOf = (canvas) =>
  new Promise((done, failed) => {
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))));
  });

/**
 * Tell whether a part is shown, and not in another one.
 * @param {HTMLElement} part
 * @param {HTMLElement[]} parts
 */
const standsAlone = (part, parts) =>
  part.offsetHeight > 0 && !parts.some((other) => other !== part && other.contains(part));

/**
 * Return what elements show, one below the other on the page's ground with its title above, and the
 * size in pixels.
 * @param {HTMLElement[]} shown
 */
export function drawn(shown) {
  const title = /** @type {HTMLElement | null} */ (document.querySelector(TITLE));
  const all = title ? [title, ...shown] : shown;
  const parts = all.filter((part) => standsAlone(part, all));
  const boxes = parts.map((part) => part.getBoundingClientRect());
  const left = Math.min(...boxes.map((box) => box.left)) - MARGIN;
  const width = Math.max(...boxes.map((box) => box.right)) + MARGIN - left;
  const svg = make("svg", {});
  const ground = make("rect", { width, fill: groundOf(parts[0]) });
  svg.append(ground);
  let height = MARGIN;
  for (const [i, part] of parts.entries()) {
    draw(part, svg, left, boxes[i].top - height);
    height += boxes[i].height + MARGIN;
  }
  ground.setAttribute("height", String(height));
  for (const [name, value] of Object.entries({
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
  })) {
    svg.setAttribute(name, String(value));
  }
  return { svg, width, height };
}

/**
 * Draw an element and all in it. `left` and `top` are where what it is drawn into begins.
 * @param {Element} node
 * @param {Element} into
 * @param {number} left
 * @param {number} top
 */
function draw(node, into, left, top) {
  const style = getComputedStyle(node);
  const box = node.getBoundingClientRect();
  if (style.display === "none" || style.opacity === "0" || node instanceof HTMLInputElement) return;
  const place = { x: box.left - left, y: box.top - top, width: box.width, height: box.height };
  if (node instanceof SVGSVGElement) {
    const copy = /** @type {SVGSVGElement} */ (node.cloneNode(true));
    write(node, copy);
    for (const [name, value] of Object.entries(place)) copy.setAttribute(name, String(value));
    copy.setAttribute("overflow", style.overflow);
    copy.removeAttribute("style");
    into.append(copy);
    return;
  }
  if (node instanceof HTMLCanvasElement) {
    const plot = /** @type {HTMLElement | null} */ (node.closest(".js-plotly-plot"));
    const href = plot ? spaceImage(plot) : node.toDataURL();
    if (box.width) into.append(make("image", { ...place, href }));
    return;
  }
  if (style.visibility !== "hidden") drawBox(style, place, into);
  if (node.matches(KEY)) {
    const line = { height: LINE, y: place.y + (place.height - LINE) / 2, fill: style.color };
    into.append(make("rect", { ...place, ...line }));
  }
  if (style.overflow !== "visible" && box.width) {
    // Where too long a text ends.
    const inner = make("svg", { ...place, overflow: "hidden" });
    into.append(inner);
    [into, left, top] = [inner, box.left, box.top];
  }
  for (const child of node.childNodes) {
    if (child instanceof Element) draw(child, into, left, top);
    else if (child instanceof Text && style.visibility !== "hidden") {
      drawText(child, style, into, left, top);
    }
  }
}

/**
 * Draw the ground and the border of an element, as far as it has any.
 * @param {CSSStyleDeclaration} style
 * @param {Record<string, number>} place
 * @param {Element} into
 */
function drawBox(style, place, into) {
  const border = Number.parseFloat(style.borderTopWidth);
  const stroke = border ? style.borderTopColor : "none";
  const fill = seen(style.backgroundColor) ? style.backgroundColor : "none";
  if (fill === "none" && stroke === "none") return;
  const rx = Math.min(Number.parseFloat(style.borderTopLeftRadius) || 0, place.height / 2);
  into.append(make("rect", { ...place, rx, fill, stroke, "stroke-width": border }));
}

/**
 * Draw a text word by word: the page has broken it into lines.
 * @param {Text} node
 * @param {CSSStyleDeclaration} style
 * @param {Element} into
 * @param {number} left
 * @param {number} top
 */
function drawText(node, style, into, left, top) {
  const range = document.createRange();
  for (const { 0: word, index } of node.data.matchAll(/\S+/g)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const box = range.getBoundingClientRect();
    if (!box.width) continue;
    const text = make("text", {
      x: box.left - left,
      y: box.top - top + box.height / 2,
      "dominant-baseline": "central",
      fill: style.color,
      "font-family": style.fontFamily,
      "font-size": style.fontSize,
      "font-weight": style.fontWeight,
      "text-decoration": style.textDecorationLine,
      // As wide as here in whatever font there is.
      textLength: box.width,
      lengthAdjust: "spacingAndGlyphs",
    });
    text.textContent = word;
    into.append(text);
  }
}

/**
 * Write what the page's styles say of an element, and of all in it, into a copy of it.
 * @param {Element} node
 * @param {Element} copy
 */
function write(node, copy) {
  const style = getComputedStyle(node);
  const names = node.childElementCount ? OF_ALL : OF_MARKS; // marks themselves have nothing in them
  for (const name of names) copy.setAttribute(name, style.getPropertyValue(name));
  copy.removeAttribute("class");
  const copies = [...copy.children];
  for (const [i, child] of [...node.children].entries()) write(child, copies[i]);
}

/**
 * The first ground that is seen behind an element.
 * @param {Element | null} node
 * @returns {string}
 */
function groundOf(node) {
  if (!node) return "#fff";
  const colour = getComputedStyle(node).backgroundColor;
  return seen(colour) ? colour : groundOf(node.parentElement);
}

/** @param {string} colour As the browser computes it. */
const seen = (colour) => !/^(transparent|rgba\(.*, 0\))$/.test(colour);

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
function make(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}
