// The small text that says what is under the pointer, or at the head while the picture has the focus.

import { say } from "./renew.js";

/** @import { Reading } from "./reading.js" */

const AWAY = 14; // pixels from what it tells of

export class Tip {
  #node = document.createElement("div");

  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.stage = stage;
    this.#node.className = "zz-tip";
    this.#node.setAttribute("role", "status");
    this.#node.hidden = true;
    stage.append(this.#node);
  }

  /**
   * @param {Reading | null} reading
   * @param {string[]} lines
   */
  show(reading, lines) {
    this.#node.hidden = !reading;
    if (!reading) return;
    const text = lines.join("\n");
    say(this.#node, text);
    const { clientWidth: wide } = this.stage;
    const right = reading.left + AWAY + this.#node.offsetWidth <= wide;
    const left = right ? reading.left + AWAY : reading.left - AWAY - this.#node.offsetWidth;
    const top = Math.max(0, reading.top - AWAY - this.#node.offsetHeight);
    this.#node.style.transform = `translate(${Math.max(0, left)}px, ${top}px)`;
  }
}
