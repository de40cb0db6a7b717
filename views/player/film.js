// The playback as a file: a picture for each step, drawn as pictures are saved, and what joins them.

import { seconds, whole } from "./clock.js";
import { saveAs } from "./file.js";
import { blobOf, contextOf, drawn, painted } from "./picture.js";
import { say } from "./renew.js";
import { filled, tr } from "./texts.js";

/** @import { Clock } from "./clock.js" */

const FILMS = ".zz-film"; // a button that makes one
const READY = "zz-ready"; // that has one to be saved
const REST = 2; // seconds for which the end is looked at
const MOST = 200; // pictures
const RATE = 25; // pictures a second of a video, as far as it moves
const BITS = 6e6; // a second of it at most: lines are to stay sharp
// What programs for slides can play comes first.
const TYPES = ['video/mp4;codecs="avc1.640028"', "video/webm"];
const MOST_COLOURS = 255; // of a GIF, and one that lets through what is below
const MEGABYTE = 1e6;

/**
 * A way to join pictures: how many pixels one has at most, how many a second there are at most, and
 * what begins a file, in which each picture is shown for so many seconds and the last for REST; it is
 * given two of the pictures, the first and the last, for their colours.
 * @typedef {object} Kind
 * @property {number} pixels
 * @property {number} rate
 * @property {(each: number, samples: HTMLCanvasElement[]) => Joins | Promise<Joins>} begin
 *
 * @typedef {object} Joins
 * @property {(canvas: HTMLCanvasElement) => void | Promise<void>} add
 * @property {(went: (share: number) => void, signal: AbortSignal) => Blob | Promise<Blob>} end
 */

/** @type {Record<string, Kind>} */
const KINDS = {
  gif: { pixels: 2 ** 19, rate: 12.5, begin: gif },
  video: { pixels: 2 ** 20, rate: RATE, begin: video },
};

/**
 * What a button makes: `from` is where the clock stood, while it moves the clock.
 * @typedef {{ title: string, stop: AbortController, file: Blob | null, from: number | null }} Film
 */

/** The buttons that make a film of what some elements show while a clock goes through it. */
export class Films {
  /** @type {Map<HTMLElement, Film>} By their buttons. */
  #made = new Map();

  /**
   * @param {HTMLElement[]} parts
   * @param {Clock} clock
   * @param {AbortSignal} signal Ends it.
   */
  constructor(parts, clock, signal) {
    this.parts = parts;
    this.clock = clock;
    const press = (/** @type {MouseEvent} */ { target }) => {
      const button = target instanceof Element && target.closest(FILMS);
      if (button instanceof HTMLElement) this.#press(button);
    };
    document.addEventListener("click", press, { signal });
    signal.addEventListener("abort", () => this.forget());
  }

  /** Another scene is shown: what was made, or is being made, is not of that. */
  forget() {
    for (const film of this.#made.values()) film.from = null;
    this.#leave();
  }

  /** Leave all films: one is made at a time, and the clock then stands where it stood. */
  #leave() {
    for (const [button, { title, stop, from }] of this.#made) {
      stop.abort();
      if (from !== null) this.clock.go(from);
      say(button, title);
      button.classList.remove(READY);
    }
    this.#made.clear();
  }

  /**
   * Make a film; with the next press save it, or stop to make it.
   * @param {HTMLElement} button
   */
  #press(button) {
    const film = this.#made.get(button);
    if (film?.file) saveAs(film.file, `${button.dataset.name}.${ending(film.file)}`);
    this.#leave();
    if (film) return;
    this.clock.pause();
    /** @type {Film} */
    const made = {
      title: button.textContent ?? "",
      stop: new AbortController(),
      file: null,
      from: this.clock.position,
    };
    this.#made.set(button, made);
    const text = (
      /** @type {string} */ message,
      /** @type {Record<string, string | number>} */ values,
    ) => {
      if (!made.stop.signal.aborted) say(button, `${made.title}: ${filled(message, values)}`);
    };
    const went = (/** @type {number} */ share) =>
      text(tr("{percent} % made, press to stop"), { percent: Math.floor(100 * share) });
    went(0);
    this.#make(KINDS[button.dataset.kind ?? ""], went, made)
      .then(({ file, width, height, long }) => {
        if (made.stop.signal.aborted) return;
        made.file = file;
        button.classList.add(READY);
        text(tr("{seconds} s, {width} × {height} pixels, {size} MB, press to save"), {
          seconds: Math.round(long),
          width,
          height,
          size: (file.size / MEGABYTE).toPrecision(2),
        });
      })
      .catch((error) => {
        if (made.stop.signal.aborted) return;
        text(tr("This browser cannot make the file."), {});
        console.error(error);
      });
  }

  /**
   * @param {Kind} kind
   * @param {(share: number) => void} went Hears how far it is.
   * @param {Film} film
   */
  async #make({ pixels, rate, begin }, went, film) {
    const { clock } = this;
    const { steps } = clock;
    const { signal } = film.stop;
    const plays = seconds(clock.speed);
    const last = Math.min(steps, Math.ceil(plays * rate), MOST - 1);
    const { width, height } = drawn(this.parts);
    const size = sizeOf(width, height, pixels); // and so it stays, whatever the window does
    const picture = (/** @type {number} */ i) => {
      signal.throwIfAborted();
      clock.go(whole((i * steps) / last));
      return painted(drawn(this.parts).svg, size.width, size.height);
    };
    let joins;
    try {
      joins = await begin(plays / last, [await picture(0), await picture(last)]);
      for (let i = 0; i <= last; i++) {
        await joins.add(await picture(i));
        went((i + 1) / (last + 1) / 2);
      }
    } finally {
      if (film.from !== null && !signal.aborted) clock.go(film.from);
      film.from = null;
    }
    const file = await joins.end((share) => went((1 + share) / 2), signal);
    return { file, ...size, long: plays + REST };
  }
}

/**
 * The size of a picture of so many pixels, with even sides, which a video has to have.
 * @param {number} width
 * @param {number} height
 * @param {number} pixels
 */
function sizeOf(width, height, pixels) {
  const scale = Math.sqrt(pixels / (width * height)) / 2;
  return { width: 2 * Math.floor(width * scale), height: 2 * Math.floor(height * scale) };
}

/** How a file's name ends: as its type does. @param {Blob} file */
const ending = (file) => /\/(\w+)/.exec(file.type)?.[1] ?? "";

/**
 * Join pictures to a GIF. Of each only what has changed is written.
 * @param {number} each
 * @param {HTMLCanvasElement[]} samples
 * @returns {Promise<Joins>}
 */
async function gif(each, samples) {
  const { GIFEncoder, nearestColorIndex, quantize } = await import("./gifenc.js");
  const encoder = GIFEncoder();
  const [start, end] = samples.map(pixelsOf);
  const all = new Uint32Array(start.length + end.length);
  all.set(start);
  all.set(end, start.length);
  const colours = quantize(new Uint8ClampedArray(all.buffer), MOST_COLOURS);
  const same = colours.length; // stands for a pixel that has not changed
  /** @type {Map<number, number>} The nearest colour's index, by pixel. */
  const nearest = new Map();
  const near = (/** @type {number} */ pixel) => {
    const known = nearest.get(pixel);
    if (known !== undefined) return known;
    const index = nearestColorIndex(colours, [
      ...new Uint8Array(Uint32Array.of(pixel).buffer, 0, 3),
    ]);
    nearest.set(pixel, index);
    return index;
  };
  let before = new Uint32Array(); // the pixels of the picture before
  /** @type {((long: number) => void) | null} */
  let write = null; // what writes that, once it is known for how long
  let shown = 0; // seconds
  return {
    add(canvas) {
      const { width, height } = canvas;
      const [last, now] = [before, pixelsOf(canvas)];
      if (now.some((pixel, i) => pixel !== last[i])) {
        write?.(shown);
        shown = 0;
        const index = Uint8Array.from(now, (pixel, i) => (pixel === last[i] ? same : near(pixel)));
        const palette = last.length ? undefined : [...colours, [0, 0, 0]];
        const keeps = { transparent: true, transparentIndex: same, dispose: 1 };
        write = (long) =>
          encoder.writeFrame(index, width, height, { palette, delay: 1000 * long, ...keeps });
        before = now;
      }
      shown += each;
    },
    end() {
      write?.(shown - each + REST);
      encoder.finish();
      return new Blob([encoder.bytes()], { type: "image/gif" });
    },
  };
}

/** The pixels of a canvas, each as a number. @param {HTMLCanvasElement} canvas */
const pixelsOf = (canvas) =>
  new Uint32Array(contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height).data.buffer);

/**
 * Join pictures to a video. The browser records it while it plays: what encodes it faster is there
 * only on pages that came by HTTPS, and a class often has none.
 * @param {number} each
 * @returns {Joins}
 */
function video(each) {
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  /** @type {Blob[]} */
  const pictures = [];
  return {
    async add(canvas) {
      pictures.push(await blobOf(canvas));
    },
    async end(went, signal) {
      const { width, height } = await createImageBitmap(pictures[0]);
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      const context = contextOf(canvas);
      const options = { mimeType, videoBitsPerSecond: BITS };
      const recorder = new MediaRecorder(canvas.captureStream(RATE), options);
      /** @type {Blob[]} */
      const pieces = [];
      recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
      const stopped = new Promise((done) => recorder.addEventListener("stop", done));
      const last = pictures.length - 1;
      const long = last * each + REST;
      recorder.start();
      const began = performance.now();
      for (let passed = 0; passed < long; passed = (performance.now() - began) / 1000) {
        const picture = pictures[Math.min(Math.floor(passed / each), last)];
        context.drawImage(await createImageBitmap(picture), 0, 0);
        went(passed / long);
        await new Promise((done) => setTimeout(done, 1000 / RATE));
        if (signal.aborted) break;
      }
      recorder.stop();
      await stopped;
      signal.throwIfAborted();
      return new Blob(pieces, { type: recorder.mimeType });
    },
  };
}
