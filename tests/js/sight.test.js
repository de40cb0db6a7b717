import assert from "node:assert/strict";
import test from "node:test";
import { orbit } from "../../views/player/orbit.js";
import { aim, hides, pixel, product, relief } from "../../views/player/sight.js";

const close = (value, wanted, within = 1e-9) =>
  assert.ok(Math.abs(value - wanted) <= within, `${value} is not ${wanted}`);
const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

test("a product of matrices does what one does after the other", () => {
  const [a, b] = [3, 7].map((n) => Array.from({ length: 16 }, (_, i) => ((i * n) % 5) - 2));
  const times = (m, v) =>
    [0, 1, 2, 3].map((row) => v.reduce((sum, x, k) => sum + m[4 * k + row] * x, 0));
  const point = [1, -2, 3, 1];
  assert.deepEqual(times(product(a, b), point), times(a, times(b, point)));
  assert.deepEqual(product(a, IDENTITY), a);
  assert.deepEqual(product(IDENTITY, a), a);
});

test("the eye is where the view's matrix comes from", () => {
  // A camera at (3, 4, 5) that is turned about the vertical; the model stretches and shifts.
  const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
  const turned = [c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const moved = [...IDENTITY];
  [moved[12], moved[13], moved[14]] = [-3, -4, -5];
  const model = [2, 0, 0, 0, 0, 4, 0, 0, 0, 0, 5, 0, 1, 2, 3, 1];
  const matrices = { projection: IDENTITY, view: product(turned, moved), model, scale: [1, 2, 10] };
  const { matrix, eye } = aim(matrices);
  close(eye[0], (3 - 1) / 2 / 1);
  close(eye[1], (4 - 2) / 4 / 2);
  close(eye[2], (5 - 3) / 5 / 10);
  // At the eye itself the view's coordinates are zero: the middle of the picture.
  const [x, y] = pixel(matrix, { width: 640, height: 480 }, ...eye);
  close(x, 320);
  close(y, 240);
});

test("pixels count from the upper left corner, and what is farther is smaller", () => {
  const perspective = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0]; // w = -z
  const size = { width: 200, height: 100 };
  assert.deepEqual(pixel(perspective, size, 0, 0, -1), [100, 50]);
  assert.deepEqual(pixel(perspective, size, 1, 1, -1), [200, 0]);
  assert.deepEqual(pixel(perspective, size, 1, 1, -2), [150, 25]);
});

// A plain of height 0 over [0, 10] x [0, 20] with a wall of height 4 at x = 5.
const wall = () => {
  const x = Array.from({ length: 41 }, (_, i) => i / 4);
  const y = Array.from({ length: 41 }, (_, i) => i / 2);
  const z = y.map(() => x.map((value) => (value === 5 ? 4 : 0)));
  return relief({ x, y, z }, [0, 6]);
};

test("a wall hides what is behind it, and only that", () => {
  const eye = [-10, 10, 4];
  assert.equal(hides(wall(), eye, 2, 10, 0), 0, "before the wall");
  assert.equal(hides(wall(), eye, 8, 10, 0), 1, "behind the wall");
  assert.equal(hides(wall(), eye, 8, 10, 5), 0, "behind and above it");
  assert.equal(hides(wall(), [8, 10, 40], 8, 10, 0), 0, "from above");
  assert.equal(hides(wall(), [20, 10, 4], 8, 10, 0), 0, "from the other side");
  assert.equal(hides(wall(), [20, 10, 4], 2, 10, 0), 1);
});

test("a line of sight is tried cell by cell, whatever the sides' scales", () => {
  for (let height = 0; height <= 6; height += 0.25) {
    // From the eye at height 4 to x = 9: the line passes x = 5 at 4 + (height - 4) * 15 / 19.
    const level = 4 + ((height - 4) * 15) / 19;
    if (Math.abs(level - 4) < 0.1) continue; // grazing
    assert.equal(hides(wall(), [-10, 3, 4], 9, 3, height), level < 4 ? 1 : 0, `height ${height}`);
  }
});

test("a point that rounding has put below the surface counts as on it", () => {
  assert.equal(hides(wall(), [-10, 10, 4], 2, 10, -0.05), 0);
});

test("the camera keeps its distance while it turns, and its direction while it comes nearer", () => {
  const camera = { eye: { x: 1, y: -1, z: 1 }, center: { x: 0.2, y: 0, z: -0.1 } };
  const away = ({ x, y, z }) => [x - camera.center.x, y - camera.center.y, z - camera.center.z];
  const before = away(camera.eye);
  const turned = away(orbit(camera, [0.3, -0.2, 1]));
  close(Math.hypot(...turned), Math.hypot(...before));
  close(Math.atan2(turned[1], turned[0]), Math.atan2(before[1], before[0]) + 0.3);
  const nearer = away(orbit(camera, [0, 0, 0.9]));
  for (const i of [0, 1, 2]) close(nearer[i], 0.9 * before[i]);
});

test("the camera never goes over the top, into the surface or out of sight", () => {
  const camera = { eye: { x: 1, y: 1, z: 1 }, center: { x: 0, y: 0, z: 0 } };
  for (const up of [5, -5]) {
    const { x, y, z } = orbit(camera, [0, up, 1]);
    close(Math.atan2(z, Math.hypot(x, y)), Math.sign(up) * 1.5);
  }
  const length = ({ x, y, z }) => Math.hypot(x, y, z);
  close(length(orbit(camera, [0, 0, 0.01])), 0.7);
  close(length(orbit(camera, [0, 0, 100])), 5);
});
