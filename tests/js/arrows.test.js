import assert from "node:assert/strict";
import { test } from "node:test";
import { corners, placed } from "../../views/player/arrows.js";

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

test("a name keeps clear of words, of other names and of the panel's edge", () => {
  const word = { left: 95, top: 55, wide: 64 };
  const taken = [word];
  const free = placed(10, [100, 200], true, 600, [...taken]);
  assert.ok(free.left > 100 && free.top < 200 && free.anchor === "start", "its own place");
  const first = placed(10, [80, 80], true, 600, taken);
  assert.ok(first.left + first.wide <= word.left || Math.abs(first.top - word.top) >= 18);
  const second = placed(10, [80, 80], true, 600, taken);
  assert.ok(second.left + second.wide <= first.left || Math.abs(second.top - first.top) >= 18);
  assert.equal(taken.length, 3);
  assert.equal(placed(10, [590, 200], true, 600, []).anchor, "end", "at the edge it ends there");
  const none = Array.from({ length: 40 }, (_, i) => ({ left: 0, top: 10 * i, wide: 600 }));
  assert.ok(placed(10, [100, 200], true, 600, none).left > 100, "and where all is taken");
});
