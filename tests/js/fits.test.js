import assert from "node:assert/strict";
import { test } from "node:test";
import {
  batchBounds,
  boundaryOf,
  FITS,
  gradientOf,
  shareOf,
  written,
} from "../../views/player/fits.js";
import { axesOf, factorOf } from "../../views/player/gradients.js";
import { samplesPlace } from "../../views/player/layout.js";
import { number } from "../../views/player/numbers.js";

const PLACES = [
  [0.7, -0.4, 1.3, -0.8],
  [-1.9, 2.2, -0.6, 0.5],
];

/** @type {(fit: string, classes: boolean) => import("../../views/player/types.js").Samples} */
const samples = (fit, classes) =>
  /** @type {any} */ ({
    fit,
    classes,
    features: [
      [0.5, -1.2, 2.1, 0.3],
      [1.4, 0.2, -0.7, -2],
    ],
    labels: classes ? [1, 0, 0, 1] : [0.4, -1, 2.5, 0.1],
  });

test("a fit is what its formula says", () => {
  const { tanh, sin } = Math;
  for (const [formula, fit] of Object.entries(FITS)) {
    const said = new Function("x, y, f, g, tanh, sin", `return ${formula}`);
    for (const [x, y, f, g] of PLACES) {
      assert.equal(fit(x, y, f, g)[0], said(x, y, f, g, tanh, sin), formula);
    }
  }
});

for (const fit of Object.keys(FITS)) {
  for (const classes of [false, true]) {
    test(`the gradient of the loss of ${fit}, ${classes ? "classes" : "labels"}`, () => {
      const made = samples(fit, classes);
      const loss = (/** @type {number} */ x, /** @type {number} */ y) => {
        let sum = 0;
        for (const row of [1, 3]) {
          const value = FITS[fit](x, y, made.features[0][row], made.features[1][row])[0];
          const label = made.labels[row];
          sum += classes
            ? Math.log1p(Math.exp(label ? -value : value))
            : 0.5 * (value - label) ** 2;
        }
        return sum / 2;
      };
      const h = 1e-5;
      for (const [x, y] of PLACES) {
        const { gradient } = gradientOf(made, x, y, [1, 3]);
        const byX = (loss(x + h, y) - loss(x - h, y)) / (2 * h);
        const byY = (loss(x, y + h) - loss(x, y - h)) / (2 * h);
        assert.ok(Math.abs(gradient[0] - byX) < 1e-8 && Math.abs(gradient[1] - byY) < 1e-8);
      }
    });
  }
}

test("the mean of all batches is the gradient of all samples", () => {
  const made = samples("x * f + y", false);
  const parts = [
    [2, 0],
    [1, 3],
  ].map((rows) => gradientOf(made, 1, 2, rows).gradient);
  const whole = gradientOf(made, 1, 2, null).gradient;
  for (const i of [0, 1]) {
    assert.ok(Math.abs((parts[0][i] + parts[1][i]) / 2 - whole[i]) < 1e-12);
  }
});

test("batches drawn with replacement or without have the covariance that is drawn", () => {
  const made = samples("x * f + y * g", false);
  const { gradient, covariance } = gradientOf(made, 1, 2, null);
  let xx = 0;
  const pairs = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].slice(a + 1).map((b) => [a, b]));
  for (const rows of pairs) {
    xx += (gradientOf(made, 1, 2, rows).gradient[0] - gradient[0]) ** 2 / pairs.length;
  }
  assert.ok(Math.abs(xx - shareOf(4, 2, false) * covariance[0]) < 1e-12);
  assert.equal(shareOf(4, 4, false), 0);

  let drawn = 0;
  for (let i = 0; i < 16; i++) {
    drawn += (gradientOf(made, 1, 2, [i % 4, i >> 2]).gradient[0] - gradient[0]) ** 2 / 16;
  }
  assert.ok(Math.abs(drawn - shareOf(4, 2, true) * covariance[0]) < 1e-12);
});

test("an update's batch is a part of its epoch's order, the last one short", () => {
  const batches = {
    samples: 10,
    together: 4,
    runs: [{ seed: 0, size: 4, updates: 3, colour: "" }],
  };
  assert.deepEqual(batchBounds(batches, 0, 0), { epoch: 0, begin: 0, end: 4 });
  assert.deepEqual(batchBounds(batches, 0, 2), { epoch: 0, begin: 8, end: 10 });
  assert.deepEqual(batchBounds(batches, 0, 4), { epoch: 1, begin: 4, end: 8 });
});

test("the half axes of an ellipse give its covariance back", () => {
  const [a, b] = axesOf([5, 2, 1.5]);
  assert.ok(Math.abs(a[0] ** 2 + b[0] ** 2 - 5) < 1e-12);
  assert.ok(Math.abs(a[0] * a[1] + b[0] * b[1] - 2) < 1e-12);
  assert.ok(Math.abs(a[1] ** 2 + b[1] ** 2 - 1.5) < 1e-12);
  assert.deepEqual(axesOf([0, 0, 0]).flat().map(Math.abs), [0, 0, 0, 0]);
});

test("arrows that are seen are as long as the step, others longer or shorter by a round factor", () => {
  assert.equal(factorOf([40, 50, 60]), 1);
  assert.equal(factorOf([3]), 20);
  assert.equal(factorOf([0.6]), 100);
  assert.equal(factorOf([600]), 0.1);
  assert.equal(factorOf([0]), 1);
  assert.equal(factorOf([]), 1);
});

test("a fit is written with its weights", () => {
  const text = (/** @type {number} */ value) => number(value, 2, [".", ","]);
  assert.equal(written("x * f + y", text, 0.18, 3.6), "0.18 f + 3.6");
  assert.equal(written("x * f + y * g", text, -1, -2), "\u22121 f \u2212 2 g");
  assert.equal(written("x * tanh(y * f)", text, 1.5, 1), "1.5 tanh(1 f)");
});

test("the line between classes goes through the origin, across the weights", () => {
  const sides = /** @type {[number, number][]} */ ([
    [-2, 3],
    [-1, 4],
  ]);
  for (const [f, g] of boundaryOf(3, -4, sides)) {
    assert.ok(Math.abs(3 * f - 4 * g) < 1e-9);
    assert.ok(Math.hypot(f, g) > 5);
  }
  assert.deepEqual(boundaryOf(0, 0, sides), []);
});

test("samples stand beside the panels where there is room, and below on a phone", () => {
  assert.deepEqual(samplesPlace(0, 1300), { wide: 0, high: 0 });
  assert.deepEqual(samplesPlace(1, 1300), { wide: 546, high: 0 });
  assert.deepEqual(samplesPlace(4, 1300), { wide: 260, high: 0 });
  assert.equal(samplesPlace(4, 366).wide, 0);
  assert.equal(samplesPlace(3, 740).wide, 0, "three panels take all of the width");
  assert.ok(samplesPlace(4, 740).wide > 0);
  assert.ok(samplesPlace(4, 366).high > 0);
});
