// The pictures of surfaces. A scene names its own by an id; it comes once for many scenes.

import { parse, unpack } from "./decode.js";

/** @import { Ground } from "./types.js" */
/** @typedef {{ picture: Promise<Ground>, arrive: (picture: Ground) => void }} Entry */

const MOST = 8; // kept

/** @type {Map<string, Entry>} */
const grounds = new Map();

/**
 * Take in a packed picture.
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
export async function ground(bytes) {
  const picture = /** @type {Ground} */ (await unpack(bytes));
  entry(picture.id).arrive(picture);
}

/** @type {Set<string>} The ids of pictures that are here. */
const here = new Set();

/**
 * Fetch the picture of an id, if it is not here.
 * @param {string} id
 * @param {string} address
 * @param {AbortSignal} signal
 */
export async function take(id, address, signal) {
  if (here.has(id)) return;
  const response = await fetch(address, { signal });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  entry(id).arrive(parse(await response.arrayBuffer()));
  here.add(id);
}

/**
 * The picture of an id, as soon as it is there.
 * @param {string} id
 */
export const groundOf = (id) => entry(id).picture;

/** @param {string} id */
function entry(id) {
  const known = grounds.get(id);
  if (known) return known;
  /** @type {Entry["arrive"]} */
  let arrive = () => {};
  /** @type {Entry["picture"]} */
  const picture = new Promise((resolve) => {
    arrive = resolve;
  });
  const made = { picture, arrive };
  grounds.set(id, made);
  const [oldest] = grounds.keys();
  if (grounds.size > MOST) {
    grounds.delete(oldest);
    here.delete(oldest);
  }
  return made;
}
