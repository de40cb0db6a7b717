import assert from "node:assert/strict";
import { test } from "node:test";
import { lossAt, lossOf, nearest, said } from "../../views/player/reading.js";

const axis = {
  offset: 0,
  length: 100,
  range: /** @type {[number, number]} */ ([0, 100]),
  toPixel: (/** @type {number} */ value) => value,
  toValue: (/** @type {number} */ pixel) => pixel,
};
const path = { x: [10, 50, 90], y: [10, 50, 10], px: axis, py: axis };

test("the nearest point of the travelled part is found, if it is near", () => {
  assert.deepEqual(nearest(path, 52, 50, 2), { k: 1, away: 2 });
  assert.equal(nearest(path, 70, 30, 2), null);
  assert.equal(nearest(path, 90, 10, 1), null, "not travelled yet");
  assert.equal(nearest({ ...path, x: [130, 140, 150] }, 130, 10, 2), null, "beside the panel");
});

test("the loss of the ground lies between the grid's points", () => {
  const scale = { centre: 1, width: 2 };
  const height = (/** @type {number} */ loss) => Math.asinh((loss - 1) / 2) / Math.LN10;
  const rows = [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ].map((row) => row.map(height));
  const contour = { name: "", x: [], y: [], x0: 0, dx: 0.5, y0: 0, dy: 0.5, z: rows };
  const at = (/** @type {number} */ x, /** @type {number} */ y) => lossAt(contour, scale, x, y);
  assert.ok(Math.abs(at(0.5, 0.5) - 5) < 1e-9);
  assert.ok(Math.abs(at(1, 1) - 9) < 1e-9);
  assert.ok(Math.abs(at(0.25, 0) - 1.5) < 0.05);
});

test("losses are read as they are, or off heights", () => {
  assert.equal(lossOf({ width: null, runs: [{ loss: [4, 2], rate: 1 }] }, 0, 9), 2);
  assert.equal(lossOf({ width: null, runs: [{ height: [2, 1], centre: 5, rate: 1 }] }, 0, 1), 15);
  const heights = {
    width: 3,
    runs: [{ height: [Math.asinh(7 / 3) / Math.LN10], centre: 0, rate: 1 }],
  };
  assert.ok(Math.abs(lossOf(heights, 0, 0) - 7) < 1e-9);
});

test("a reading says update, loss, place and rate; of the ground loss and place", () => {
  const scene = /** @type {any} */ ({ marks: [".", ","], labels: ["SGD"] });
  const place = { x: 0.5, y: -2, loss: 4.25, left: 0, top: 0 };
  assert.deepEqual(said({ ...place, run: 0, k: 3, rate: 0.1 }, scene), [
    "SGD: update 3",
    "loss 4.25",
    "x 0.5, y \u22122",
    "rate 0.1",
  ]);
  const gap = { ...place, loss: Number.NaN, rate: null };
  assert.equal(said({ ...gap, run: null, k: null }, scene)[0], "no finite loss here");
  assert.equal(said({ ...gap, run: 0, k: 3 }, scene)[1], "loss no value");
  assert.deepEqual(said({ ...place, run: null, k: null, rate: null }, scene), [
    "loss 4.25",
    "x 0.5, y \u22122",
  ]);
});
