import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync } from "node:zlib";
import { unpack } from "../../views/player/decode.js";

// Written as views/scene/payload.py says: the JSON's length, the JSON, padding, the arrays.
function packed(json, ...arrays) {
  const text = new TextEncoder().encode(JSON.stringify(json));
  const padded = Buffer.alloc(Math.ceil((4 + text.length) / 8) * 8, " ");
  padded.writeUInt32LE(padded.length - 4);
  padded.set(text, 4);
  const blocks = arrays.map((array) => {
    const block = Buffer.alloc(Math.ceil(array.byteLength / 8) * 8);
    block.set(new Uint8Array(array.buffer));
    return block;
  });
  return new Uint8Array(deflateSync(Buffer.concat([padded, ...blocks])));
}

const array = (type, offset, shape, more = {}) => ({ $: { type, offset, shape, ...more } });

test("float32 comes as it is, in rows where it has two dimensions", async () => {
  const values = Float32Array.of(1e30, -2.5, 0.1, 4, 5, 6);
  const bytes = packed({ flat: array("f4", 0, [6]), rows: array("f4", 0, [2, 3]) }, values);
  assert.deepEqual((await unpack(bytes)).flat, values);
  const again = packed({ rows: array("f4", 0, [2, 3]) }, values);
  assert.deepEqual((await unpack(again)).rows, [values.subarray(0, 3), values.subarray(3)]);
});

test("levels stand for values between two extremes, and come as differences", async () => {
  const bytes = packed(
    { x: array("d2", 0, [3], { low: -1, step: 0.5 }) },
    Uint16Array.of(0, 3, 65532),
  );
  assert.deepEqual([...(await unpack(bytes)).x], [-1, 0.5, -1 + 0.5 * 65535]);
});

test("a grid's levels are differences that wrap around", async () => {
  const entry = array("d2", 0, [2, 2], { low: 0, step: 2 });
  const bytes = packed({ z: entry }, Uint16Array.of(10, 65535, 5, 65522));
  const rows = (await unpack(bytes)).z.map((row) => [...row]);
  assert.deepEqual(rows, [
    [20, 18],
    [28, 0],
  ]);
});

test("an array that occurs twice is one object, and arrays lie anywhere", async () => {
  const first = array("d2", 8, [1], { low: 0, step: 1 });
  const scene = { deep: [{ x: first }, { y: first, z: array("f4", 0, [2]) }], text: "½ a step" };
  const back = await unpack(packed(scene, Float32Array.of(3, 4), Uint16Array.of(7)));
  assert.equal(back.deep[0].x, back.deep[1].y);
  assert.deepEqual([...back.deep[0].x], [7]);
  assert.deepEqual([...back.deep[1].z], [3, 4]);
  assert.equal(back.text, scene.text);
});

test("an empty array is another one than what lies behind it", async () => {
  const scene = { rate: array("f4", 0, [0]), loss: array("f4", 0, [1]) };
  const back = await unpack(packed(scene, Float32Array.of(4.125)));
  assert.deepEqual([...back.rate], []);
  assert.deepEqual([...back.loss], [4.125]);
});

test("plain values pass", async () => {
  const scene = { a: null, b: [1, 2.5], c: { d: false }, e: "" };
  assert.deepEqual(await unpack(packed(scene)), scene);
});

test("what is cut short is refused", async () => {
  const bytes = packed({ x: array("f4", 0, [2]) }, Float32Array.of(1, 2));
  await assert.rejects(unpack(bytes.subarray(0, bytes.length - 6)));
});
