// The curves below the view, of loss or another measure, with the clock's cursor; the scrub bar is
// their axis.

import { curveHeight } from "./layout.js";
import * as plot from "./plot.js";

/** @import { Scene } from "./types.js" */

const THUMB = 20; // pixels, as player.css has it

export class Curve {
  #root;
  #plot;
  #cursor;
  #scrub;

  /** @param {HTMLElement} root With a place for the plot, the cursor and the scrub bar. */
  constructor(root) {
    this.#root = root;
    [this.#plot, this.#cursor, this.#scrub] = /** @type {HTMLElement[]} */ ([...root.children]);
  }

  /** Pixels that there are for it. */
  get width() {
    return this.#root.clientWidth;
  }

  /**
   * @param {Scene} scene
   * @param {number} width
   * @param {string} family
   */
  async draw({ loss, lossHeight }, width, family) {
    const height = curveHeight(lossHeight, innerHeight);
    const data = loss.data.map((trace, i) => ({ ...trace, uid: `loss${i}` }));
    const font = { ...loss.layout.font, family };
    await plot.drawStill(this.#plot, data, { ...loss.layout, width, height, font });
    const [x, y] = [plot.axis(this.#plot, "x"), plot.axis(this.#plot, "y")];
    // The middle of the thumb runs from end to end of the axis.
    this.#scrub.style.left = `${x.offset - THUMB / 2}px`;
    this.#scrub.style.width = `${x.length + THUMB}px`;
    this.#scrub.style.top = `${y.offset + y.length}px`;
  }

  /**
   * Move the cursor.
   * @param {number} value In units of the curves' axis.
   */
  reveal(value) {
    const [x, y] = [plot.axis(this.#plot, "x"), plot.axis(this.#plot, "y")];
    this.#cursor.style.transform = `translateX(${x.offset + x.toPixel(value)}px)`;
    this.#cursor.style.top = `${y.offset}px`;
    this.#cursor.style.height = `${y.length}px`;
  }

  close() {
    plot.erase(this.#plot);
  }
}
