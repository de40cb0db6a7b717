import assert from "node:assert/strict";
import test from "node:test";
import { meant } from "../../views/player/controls.js";
import { moved } from "../../views/player/start.js";

test("a control without positions says its own value, as short as it can be", () => {
  assert.equal(meant("30", undefined), "30");
  assert.equal(meant("0.50", undefined), "0.5");
});

test("a field says a number within its bounds, and nothing while it is none", () => {
  const scale = { low: 0, high: 100, whole: false };
  const texts = ["0.02", "0,02", " 3 ", "1e-3", "", "-", "1e9", "-1", "abc", "Infinity", "0x10"];
  assert.deepEqual(
    texts.map((text) => meant(text, scale)),
    ["0.02", "0.02", "3", "0.001", "", "", "", "", "", "", ""],
  );
  assert.equal(meant("2.5", { ...scale, whole: true }), "");
  const wide = { low: 0, high: 1e7, whole: false };
  assert.equal(meant("1,500", wide), "");
  assert.equal(meant("1.500", wide), "1.5");
  assert.equal(meant("10.000", { ...wide, whole: true }), "");
  assert.equal(meant("0,001", wide), "0.001");
});

test("a position is one of the texts", () => {
  assert.equal(meant("1", ["1", "2", "all"]), "2");
  assert.equal(meant("9", ["1", "2", "all"]), "");
});

test("a position on a slider of rates is a power of ten of three digits", () => {
  const scale = { from: -6, each: 50 };
  assert.deepEqual(
    [0, 1, 250, 251, 400].map((place) => meant(String(place), scale)),
    ["0.000001", "0.00000105", "0.1", "0.105", "100"],
  );
});

test("one of the numbers in a list says the whole list, in which none is twice", () => {
  const rates = { list: ["0.21", "0.1"], place: 1, scale: { from: -6, each: 50 } };
  assert.equal(meant("251", rates), "0.21, 0.105");
  assert.equal(meant("0", { ...rates, scale: ["0.21"] }), "");
  assert.equal(meant("1", { list: ["0", "0.5"], place: 0, scale: ["0", "0.9"] }), "0.9, 0.5");
});

const start = {
  ids: ["A.x", "A.y"],
  points: [[1, 2]],
  digits: [2, 3],
  sides: /** @type {[number, number][]} */ ([
    [-5, 5],
    [-1, 1],
  ]),
  turns: [0],
};

test("a moved start is rounded and stays near the domain", () => {
  assert.deepEqual(moved(start, 1.23456, 0.12345, 0), [
    ["A.x", "1.23"],
    ["A.y", "0.123"],
  ]);
  assert.deepEqual(moved(start, -99, 99, 3), [
    ["A.x", "-5"],
    ["A.y", "1"],
  ]);
});

test("a start that is turned with its surface is set as it was before", () => {
  const turned = { ...start, turns: [0, 90] };
  assert.deepEqual(moved(turned, -1, 2, 1), [
    ["A.x", "2"],
    ["A.y", "1"],
  ]);
  assert.deepEqual(moved(turned, 2, 0.5, 0), [
    ["A.x", "2"],
    ["A.y", "0.5"],
  ]);
});

test("of starts that are listed the panel's own moves", () => {
  const listed = {
    ...start,
    ids: ["A.starts"],
    points: [
      [1, 2],
      [3, 4],
    ],
  };
  assert.deepEqual(moved(listed, 0, 0.5, 1), [["A.starts", "1 2; 0 0.5"]]);
});
