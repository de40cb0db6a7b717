import assert from "node:assert/strict";
import { test } from "node:test";
import { corners } from "../../views/player/arrows.js";

/** @type {(scale: number) => import("../../views/player/types.js").Axis} */
const axis = (scale) => ({
  offset: 0,
  length: 100,
  range: [0, 1],
  toPixel: (value) => value * scale,
  toValue: (pixel) => pixel / scale,
});
const path = { x: [0, 1, 3], y: [0, 2, 1], px: axis(10), py: axis(-10) };

test("two arrows go from a point by the end of the first to the next point", () => {
  const steps = { names: ["kept", "rest"], x: [0, 2], y: [0, 4] };
  assert.deepEqual(corners({ ...path, steps }, 1), [
    [10, -20],
    [20, -40],
    [30, -10],
  ]);
});

test("a single arrow is the step", () => {
  assert.deepEqual(corners({ ...path, steps: { names: ["step"] } }, 1), [
    [10, -20],
    [30, -10],
  ]);
});

test("at the end of a path there is none", () => {
  assert.deepEqual(corners({ ...path, steps: { names: ["step"] } }, 2), []);
});
