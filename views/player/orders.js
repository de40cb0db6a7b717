// The orders in which batches take the samples. They come some epochs at a time, each once.

import { parse, unpack } from "./decode.js";
import { batchBounds } from "./fits.js";

/** @import { Batches } from "./types.js" */

const MOST = 32; // kept
const AGAIN = 1000; // milliseconds after which what could not be had is asked for again

/** @type {Map<string, ArrayLike<number> | null>} By what they are of; null while they are asked for. */
const orders = new Map();

/**
 * @param {string} key
 * @param {ArrayLike<number> | null} rows
 */
function keep(key, rows) {
  orders.set(key, rows);
  const [oldest] = orders.keys();
  if (orders.size > MOST) orders.delete(oldest);
}

/**
 * Take in packed orders.
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
export async function order(bytes) {
  const { key, rows } = /** @type {{ key: string, rows: ArrayLike<number> }} */ (
    await unpack(bytes)
  );
  keep(key, rows);
}

/**
 * The samples of the batch that an update takes: null for all of them, nothing while they are not
 * known. Then `arrived` is called as soon as they are.
 * @param {Batches} batches
 * @param {number} run
 * @param {number} k The update, from 0.
 * @param {() => void} arrived
 * @returns {ArrayLike<number> | null | undefined}
 */
export function batchOf(batches, run, k, arrived) {
  const { samples, together, farthest, runs, ordersAt } = batches;
  const { seed, size, replacement } = runs[run];
  if (size === samples) return null;
  const { epoch, begin, end } = batchBounds(batches, run, k);
  const first = epoch - (epoch % together);
  const drawn = replacement ? "&replacement=1" : "";
  const key = `samples=${samples}&seed=${seed}&first=${first}${drawn}`;
  const rows = orders.get(key);
  if (rows) {
    const from = (epoch - first) * samples;
    return Array.prototype.slice.call(rows, from + begin, from + end);
  }
  if (rows === undefined && ordersAt && first <= farthest) ask(`${ordersAt}&${key}`, key, arrived);
  return undefined;
}

/**
 * @param {string} address Below the server's own.
 * @param {string} key
 * @param {() => void} arrived
 */
async function ask(address, key, arrived) {
  keep(key, null);
  try {
    const response = await fetch(new URL(`zz/${address}`, document.baseURI));
    if (!response.ok) throw new Error(String(response.status));
    const { rows } = /** @type {{ rows: ArrayLike<number> }} */ (
      parse(await response.arrayBuffer())
    );
    keep(key, rows);
  } catch {
    setTimeout(() => orders.delete(key), AGAIN);
    return;
  }
  arrived();
}
