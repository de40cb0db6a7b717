// What Python has packed, as JavaScript has it. The other half is views/scene/payload.py.

/**
 * Turn packed bytes into the object they hold; its arrays are typed arrays, those with two
 * dimensions an array of rows.
 * @template T
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<T>}
 */
export async function unpack(bytes) {
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return parse(await new Response(inflated).arrayBuffer());
}

/**
 * The object that inflated bytes hold.
 * @template T
 * @param {ArrayBuffer} buffer
 * @returns {T}
 */
export function parse(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const arrays = new Map();
  return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)), (_, value) => {
    if (value?.$ === undefined) return value;
    const { offset, shape } = value.$;
    const key = `${offset} ${shape}`; // an empty array lies where the next one begins
    if (!arrays.has(key)) arrays.set(key, read(buffer, 4 + size + offset, value.$));
    return arrays.get(key);
  });
}

/**
 * @param {ArrayBuffer} buffer
 * @param {number} offset
 * @param {{ type: string, shape: number[], low: number, step: number }} form
 */
function read(buffer, offset, { type, shape, low, step }) {
  const length = shape.reduce((a, b) => a * b);
  let values;
  if (type !== "f4") {
    values = new Float64Array(length);
    const levels = new Uint16Array(buffer, offset, length);
    for (let i = 1; i < length; i++) levels[i] += levels[i - 1]; // they come as differences
    for (let i = 0; i < length; i++) values[i] = low + step * levels[i];
  } else {
    values = new Float32Array(buffer, offset, length);
  }
  if (shape.length === 1) return values;
  return Array.from({ length: shape[0] }, (_, r) =>
    values.subarray(r * shape[1], (r + 1) * shape[1]),
  );
}
