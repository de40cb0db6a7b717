// The curves below the view, of loss or another measure, with the clock's cursor.

import { curveHeight } from "./layout.js";
import * as plot from "./plot.js";

/** @import { Scene } from "./types.js" */

export class Curve {
  #plot;
  #cursor;

  /** @param {HTMLElement} root With a place for the plot and the cursor. */
  constructor(root) {
    [this.#plot, this.#cursor] = /** @type {HTMLElement[]} */ ([...root.children]);
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
