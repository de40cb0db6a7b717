// The clock of a scene: which step is shown, and its motion while it plays.

const SECONDS = 8; // a whole run at speed 1

/**
 * Where a button leads from a position: to the start, to the step before or after, to the end.
 * @param {string} what
 * @param {number} position
 */
export function target(what, position) {
  const here = whole(position);
  if (what === "home") return 0;
  if (what === "back") return position > here ? here : here - 1;
  return what === "on" ? here + 1 : Infinity;
}

/**
 * The step that a position has reached.
 * @param {number} position
 */
export const whole = (position) => Math.floor(position + 1e-9);

/**
 * How many updates a run has done at a position: no part of one is ever shown.
 * @param {number} position
 * @param {number} pace Updates in a tick.
 * @param {number} last All that it makes.
 */
export const done = (position, pace, last) => Math.min(whole(position * pace), last);

/**
 * The position after some seconds of playing, which is Infinity once the end is reached.
 * @param {number} position
 * @param {number} passed Seconds.
 * @param {number} steps Of the whole run.
 * @param {number} speed
 * @param {boolean} looping Whether it starts again at the end.
 */
export function advance(position, passed, steps, speed, looping) {
  const next = position + (passed * steps * speed) / SECONDS;
  if (next < steps) return next;
  return looping ? 0 : Infinity;
}

/**
 * How long a whole run plays.
 * @param {number} speed
 */
export const seconds = (speed) => SECONDS / speed;

/** A position in ticks of the scene, from 0 to `steps`. */
export class Clock {
  position = Infinity; // a new page shows the whole descent
  steps = Infinity; // until a scene is shown
  speed = 1;
  looping = false;
  playing = false;
  #frame = 0;

  /**
   * @param {() => void} moved Is called after every move.
   * @param {(playing: boolean) => void} toggled Is called when it starts and stops to play.
   * @param {() => void} ended Is called when it has played to the end.
   */
  constructor(moved, toggled, ended = () => {}) {
    this.moved = moved;
    this.toggled = toggled;
    this.ended = ended;
  }

  /** @param {number} position Is brought into the run. */
  go(position) {
    this.position = Math.max(0, Math.min(this.steps, position));
    this.moved();
  }

  start() {
    if (this.position >= this.steps) this.position = 0;
    this.#toggle(true);
    let before = performance.now();
    let exact = this.position;
    const frame = (/** @type {number} */ now) => {
      exact = advance(exact, (now - before) / 1000, this.steps, this.speed, this.looping);
      before = now;
      // Whole steps alone: marks, curves, numbers and counter then say the same at every moment.
      const step = exact === Infinity ? exact : whole(exact);
      if (step !== this.position) this.go(step);
      if (exact === Infinity) {
        this.pause();
        this.ended();
      } else this.#frame = requestAnimationFrame(frame);
    };
    this.#frame = requestAnimationFrame(frame);
  }

  pause() {
    cancelAnimationFrame(this.#frame);
    this.#toggle(false);
  }

  /** @param {boolean} playing */
  #toggle(playing) {
    this.playing = playing;
    this.toggled(playing);
  }
}
