import assert from "node:assert/strict";
import test from "node:test";
import { dashed, outlined } from "../../views/player/covered.js";

const line = (/** @type {number[]} */ x, /** @type {number[]} */ y) => ({ x, y, count: x.length });

test("a line that lies under another one is seen between that one's dashes", () => {
  const below = line([0, 50, 100], [0, 1, 0]);
  const above = line([0, 100, 100], [0, 0, 200]);
  const [low, high] = dashed([below, above]);
  assert.equal(low, null, "what lies below is whole");
  assert.ok(high && high[0] > 4 && high[1] > 4, "and as much of it is seen as of the upper one");
  assert.deepEqual(high?.slice(2), [100, 1], "no further than it lies on the other one");
  assert.deepEqual(dashed([above, below]), [null, null], "half of the lower line is in sight");
  assert.deepEqual(dashed([below, null, line([0, 100], [9, 9])]), [null, null, null]);
});

test("of three lines in one place each is seen somewhere", () => {
  const [first, second, third] = dashed(Array.from({ length: 3 }, () => line([0, 100], [5, 5])));
  assert.equal(first, null);
  assert.ok(second && third && third[0] < second[0], "the upper one has the shorter dashes");
  assert.equal(Math.round(third[0] + third[1]), Math.round(second[0] + second[1]));
});

test("of two lines that hide a third one together, that which hides more of it is dashed", () => {
  const below = line([0, 100], [0, 0]);
  const [, left, right] = dashed([below, line([0, 60], [0, 0]), line([60, 100], [0, 0])]);
  assert.ok(left && !right);
  const thirds = [0, 33, 66].map((x) => line([x, x + 34], [0, 0]));
  assert.equal(dashed([below, ...thirds]).filter(Boolean).length, 2, "half of it is to be seen");
});

test("a line that was far away hides as much once it is back", () => {
  const below = line([0, 50, 100], [0, 1, 0]);
  const out = Array.from({ length: 40 }, (_, k) => [100 + 7 * Math.min(k, 39 - k), 13]);
  const above = [[100, 13], ...out, [100, 0], [0, 0]];
  const [, high] = dashed([
    below,
    line(
      above.map(([x]) => x),
      above.map(([, y]) => y),
    ),
  ]);
  assert.equal(high?.[3], above.length - 1);
});

test("a head is an outline where it would hide a mark of its panel, or another head", () => {
  const at = (/** @type {number} */ x, panel = "x") => ({
    panel,
    at: /** @type {[number, number]} */ ([x, 0]),
  });
  assert.deepEqual(outlined([at(0), at(40), null], [at(8)]), [true, false, false]);
  assert.deepEqual(outlined([at(0, "x2")], [at(0)]), [false]);
  assert.deepEqual(outlined([at(0), at(5), at(20)], []), [true, true, false]);
});
