import assert from "node:assert/strict";
import { test } from "node:test";
import { number } from "../../views/player/numbers.js";

/** @type {(value: number, digits: number) => string} */
const english = (value, digits) => number(value, digits, [".", ","]);

test("a number has its digits and no needless zeros or exponent", () => {
  assert.equal(english(0, 3), "0");
  assert.equal(english(8.9412, 3), "8.94");
  assert.equal(english(0.5, 3), "0.5");
  assert.equal(english(0.0030612, 2), "0.0031");
  assert.equal(english(-2.104, 3), "\u22122.1");
  assert.equal(english(100, 3), "100");
  assert.equal(english(9.999, 3), "10");
});

test("large numbers are grouped, very large and very small ones have an exponent", () => {
  assert.equal(english(6090.4, 4), "6,090");
  assert.equal(english(123456, 3), "123,000");
  assert.equal(english(4.716e-17, 3), "4.72e-17");
  assert.equal(english(1e13, 3), "1e13");
  assert.equal(english(3.4028234663852886e38, 3), "\u221e");
});

test("what is no number has no value, and what is too large is infinite", () => {
  assert.equal(english(Number.NaN, 3), "no value");
  assert.equal(english(Number.POSITIVE_INFINITY, 3), "\u221e");
});

test("another language has other marks", () => {
  assert.equal(number(1234.5, 5, [",", "."]), "1.234,5");
});
