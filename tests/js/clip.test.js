import assert from "node:assert/strict";
import test from "node:test";
import { clip, cross } from "../../views/player/clip.js";

const FRAME = [-1, 1];
const BOX = [-7, 7, -7, 7]; // seven frames
const inside = (x, y) => Math.abs(x) <= 7 && Math.abs(y) <= 7;

// Points that jump about, from within the frame to far outside the box; the same in every run.
function wandering(count, seed) {
  let state = seed;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  };
  const far = () => next() * 10 ** (3 * Math.abs(next()) + 1);
  return [Array.from({ length: count }, far), Array.from({ length: count }, far)];
}

test("a path within the box is the given one", () => {
  const [x, y] = [Float32Array.of(0, 6.9, -7), Float32Array.of(0, -6.9, 7)];
  const path = clip(x, y, FRAME, FRAME);
  assert.equal(path.x, x);
  assert.equal(path.y, y);
  assert.deepEqual([...path.at], [0, 1, 2]);
});

test("a frame that is not square has a box of its own shape", () => {
  const path = clip([0, 100], [0, 0], [0, 2], [-5, 5]);
  assert.deepEqual(path.x, [0, 0, 8, 8]);
  assert.deepEqual(path.y, [0, 0, 0, 0]);
});

test("points inside the box stay, and points outside lie on its border", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const [x, y] = wandering(60, seed);
    const path = clip(x, y, FRAME, FRAME);
    for (const [i, vertex] of path.at.entries()) {
      const there = [path.x[vertex], path.y[vertex]];
      if (inside(x[i], y[i])) assert.deepEqual(there, [x[i], y[i]]);
      else assert.equal(Math.max(...there.map(Math.abs)), 7);
    }
    assert.ok(path.at.every((vertex, i) => i === 0 || vertex > path.at[i - 1]));
  }
});

test("the cut path crosses the frame only where the given one does", () => {
  let crossings = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const [x, y] = wandering(60, seed);
    const path = clip(x, y, FRAME, FRAME);
    for (let i = 1; i < x.length; i++) {
      const given = cross([x[i - 1], y[i - 1]], [x[i], y[i]], [-1, 1, -1, 1]);
      let length = 0;
      for (let v = path.at[i - 1] + 1; v <= path.at[i]; v++) {
        const drawn = cross([path.x[v - 1], path.y[v - 1]], [path.x[v], path.y[v]], [-1, 1, -1, 1]);
        if (drawn) length += Math.hypot(drawn[1][0] - drawn[0][0], drawn[1][1] - drawn[0][1]);
      }
      const wanted = given ? Math.hypot(given[1][0] - given[0][0], given[1][1] - given[0][1]) : 0;
      crossings += wanted > 0;
      assert.ok(Math.abs(length - wanted) < 1e-6, `segment ${i} of seed ${seed}`);
    }
  }
  assert.ok(crossings > 50, "the test must see paths that cross the frame");
});

test("cross finds the piece inside a box, as trying many points does", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const [[ax, bx], [ay, by]] = wandering(2, seed);
    const shares = Array.from({ length: 20001 }, (_, i) => i / 20000);
    const tried = shares.filter((t) => inside(ax + t * (bx - ax), ay + t * (by - ay)));
    const found = cross([ax, ay], [bx, by], BOX);
    if (tried.length === 0) continue; // a corner cut between two tries
    assert.ok(found);
    const length = Math.hypot(bx - ax, by - ay);
    const [enter, leave] = found.map(([x, y]) => Math.hypot(x - ax, y - ay) / length);
    assert.ok(Math.abs(enter - tried[0]) <= 1 / 20000 + 1e-9);
    assert.ok(Math.abs(leave - tried[tried.length - 1]) <= 1 / 20000 + 1e-9);
  }
});

test("cross finds nothing beside a box, parallel to a side or past a corner", () => {
  assert.equal(cross([-9, 8], [9, 8], BOX), null);
  assert.equal(cross([8, -9], [8, 9], BOX), null);
  assert.equal(cross([0, 15], [15, 0], BOX), null);
  assert.equal(cross([8, 8], [9, 9], BOX), null);
  assert.equal(cross([8, 8], [8, 8], BOX), null);
});
