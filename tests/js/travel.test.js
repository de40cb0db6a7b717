import assert from "node:assert/strict";
import test from "node:test";
import { between, lengths, reached } from "../../views/player/travel.js";

test("values between entries lie on a line", () => {
  assert.equal(between([1, 3, 9], 1), 3);
  assert.equal(between([1, 3, 9], 1.5), 6);
  assert.equal(between([1, 3, 9], 2), 9, "nothing is read past the end");
});

test("a line is as long at each point as the way to it", () => {
  const [x, y] = [
    [0, 3, 3],
    [0, 4, 2],
  ];
  const found = lengths(
    3,
    (i) => x[i],
    (i) => y[i],
  );
  assert.deepEqual([...found], [0, 5, 7]);
  assert.equal(lengths(0, Number, Number).length, 0);
});

test("a path in pieces has come to a vertex, or a share of the way to the next", () => {
  const times = [0, 1, 2, 5, 6];
  const fresh = [1, 0, 0, 1, 0];
  assert.deepEqual(reached(times, fresh, 0), { vertex: 0, share: 0 });
  assert.deepEqual(reached(times, fresh, 1.25), { vertex: 1, share: 0.25 });
  assert.deepEqual(reached(times, fresh, 2), { vertex: 2, share: 0 });
  assert.deepEqual(reached(times, fresh, 3), { vertex: 2, share: null }, "between two pieces");
  assert.deepEqual(reached(times, fresh, 5.5), { vertex: 3, share: 0.5 });
  assert.deepEqual(reached(times, fresh, 6), { vertex: 4, share: 0 });
  assert.deepEqual(reached(times, fresh, 7), { vertex: 4, share: null }, "past the end");
  assert.deepEqual(reached([2, 3], [1, 0], 1), { vertex: -1, share: null }, "before the first");
});
