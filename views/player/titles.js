// The titles of panels: text of the page, for they change with what happened, and so need no
// redrawn plot.

/** @import { Annotation } from "./types.js" */

/**
 * A title in the style of Plotly's annotation.
 * @param {Annotation} note
 * @param {number} left Pixels.
 * @param {number} top
 * @param {number} widest
 */
export function title({ text, bgcolor, font }, left, top, widest) {
  const node = document.createElement("div");
  node.innerHTML = text;
  node.style.cssText = `left:${left}px;top:${top}px;width:${widest}px;background:${bgcolor};color:${font.color}`;
  return node;
}
