import assert from "node:assert/strict";
import test from "node:test";
import {
  apart,
  arranged,
  arrangementFor,
  besideEachOther,
  chartSize,
  curveHeight,
  DASH,
  dashesOf,
  fullest,
  linesOfKeys,
  panelsSize,
  spaceSize,
} from "../../views/player/layout.js";

const MARGIN = { l: 40, r: 10, t: 20, b: 30 };
const SIZES = { aspect: 1, lowest: 180, tallest: 300, widest: 1.4 };

test("the arrangement is the first that is wide enough, and the last for any width", () => {
  const [narrow, middle, wide] = [{ below: 520 }, { below: 900 }, { below: 1e9 }];
  const all = [narrow, middle, wide];
  assert.equal(arrangementFor(all, 519), narrow);
  assert.equal(arrangementFor(all, 520), middle);
  assert.equal(arrangementFor(all, 2000), wide);
  assert.equal(arrangementFor(all, 2e9), wide);
});

test("panels are as high as the room allows, between their bounds", () => {
  const height = (room, rows = 1) => {
    const whole = room + MARGIN.t + MARGIN.b;
    const size = panelsSize(SIZES, MARGIN, { columns: 1, rows }, 5000, whole);
    return (size.height - MARGIN.t - MARGIN.b) / rows;
  };
  assert.equal(height(250), 250);
  assert.equal(height(1000), 300);
  assert.equal(height(-50), 180);
  assert.equal(height(480, 2), 240);
});

test("panels never leave a narrow page, and are never much wider than high", () => {
  const phone = panelsSize(SIZES, MARGIN, { columns: 1, rows: 4 }, 360, 4000);
  assert.equal(phone.width, 360);
  const wide = panelsSize(SIZES, MARGIN, { columns: 2, rows: 1 }, 5000, 250);
  assert.equal(wide.width, 40 + 10 + 2 * 1.4 * 200);
  const flat = panelsSize({ ...SIZES, aspect: 0.5 }, MARGIN, { columns: 1, rows: 1 }, 5000, 250);
  assert.equal(flat.width, 40 + 10 + (1.4 * 200) / 0.5);
});

test("panels that nearly fill the page's width do", () => {
  const size = (/** @type {number} */ width) =>
    panelsSize(SIZES, MARGIN, { columns: 1, rows: 1 }, width, 250).width;
  assert.equal(size(50 + 280), 330);
  assert.equal(size(379), 379);
  assert.equal(size(380), 330);
});

test("a panel as wide as its column is as high as its aspect says", () => {
  const sizes = { aspect: 0.5, lowest: 100, tallest: 900, widest: 1.4 };
  const size = panelsSize(sizes, MARGIN, { columns: 2, rows: 1 }, 1050, 2000);
  assert.deepEqual(size, { width: 1050, height: 250 + 50 });
});

test("a panel is a little higher than at equal scales where there is room, but for a phone", () => {
  const sizes = { aspect: 0.5, lowest: 100, tallest: 900, widest: 1.4, highest: 1.2 };
  const height = (/** @type {number} */ width) =>
    panelsSize(sizes, MARGIN, { columns: 1, rows: 1 }, width, 2000).height - MARGIN.t - MARGIN.b;
  assert.equal(height(1050), 1.2 * 500);
  assert.equal(height(450), 200);
  const short = panelsSize(sizes, MARGIN, { columns: 1, rows: 1 }, 1050, 250 + 50);
  assert.deepEqual(short, { width: 50 + (1.4 * 250) / 0.5, height: 250 + 50 });
});

test("panels are a little higher than they have to be where that fills the page's width", () => {
  const sizes = { aspect: 0.95, lowest: 171, tallest: 560, widest: 1.8 };
  const two = panelsSize(sizes, MARGIN, { columns: 2, rows: 2 }, 50 + 740, 100);
  assert.deepEqual(two, { width: 790, height: Math.round((2 * 370 * 0.95) / 1.8 + 50) });
  const far = panelsSize(sizes, MARGIN, { columns: 2, rows: 2 }, 50 + 1400, 100);
  assert.deepEqual(far, { width: Math.round(50 + (2 * 1.8 * 171) / 0.95), height: 2 * 171 + 50 });
});

test("where nothing is arranged as they are, panels lie as they are largest", () => {
  const sizes = { aspect: 0.58, lowest: 150, tallest: 560, widest: 1.8, highest: 1.3 };
  const [one, two] = [
    { below: 520, columns: 1, rows: 2 },
    { below: 1e9, columns: 2, rows: 1 },
  ];
  assert.equal(fullest([one, two], sizes, MARGIN, 780, 800), one); // upright
  assert.equal(fullest([one, two], sizes, MARGIN, 984, 450), two); // a projector's
  assert.equal(fullest([one, two], sizes, MARGIN, 984, 100), two); // has no room for any
});

test("the picture in space keeps its bounds", () => {
  const sizes = { aspect: 0.8, lowest: 260, tallest: 480, widest: 1.8 };
  assert.deepEqual(spaceSize(sizes, 2000, 400), { width: 720, height: 400 });
  assert.deepEqual(spaceSize(sizes, 2000, 900), { width: 864, height: 480 });
  assert.deepEqual(spaceSize(sizes, 360, 900), { width: 360, height: 288 });
  assert.deepEqual(spaceSize(sizes, 300, 100), { width: 300, height: 260 });
});

test("a chart is as wide as the page, or has its plot's aspect", () => {
  assert.deepEqual(chartSize(0, 300, MARGIN, 800), { width: 800, height: 350 });
  assert.deepEqual(chartSize(0.5, 460, MARGIN, 450), { width: 450, height: 250 });
  assert.deepEqual(chartSize(1, 460, MARGIN, 2000), { width: 510, height: 510 });
  // What the window would cut a little is made to fit; what stands far down stays as it is.
  assert.deepEqual(chartSize(1, 460, MARGIN, 2000, 450), { width: 450, height: 450 });
  assert.deepEqual(chartSize(1, 460, MARGIN, 2000, 250), { width: 510, height: 510 });
});

test("the curve takes a share of the window, within bounds", () => {
  assert.equal(curveHeight(1000), 215);
  assert.equal(curveHeight(600), 150);
  assert.equal(curveHeight(1400), 290);
  assert.equal(curveHeight(768, 0.3), 230); // of a page whose style gives it more
  assert.equal(curveHeight(844, 0, 6, 70), 190); // and has room for names below each other
  assert.equal(curveHeight(844, 0, 3, 70), 181);
});

test("an arranged layout has the panels' domains, and no array of the given one", () => {
  const axis = () => ({ range: [-1, 1], title: "x" });
  const layout = { font: { size: 14 }, xaxis: axis(), xaxis2: axis() };
  const places = { "xaxis.domain": [0, 0.4], "xaxis2.domain": [0.6, 1] };
  const laid = arranged({ layout }, { layout: places }, { width: 700, height: 300 }, "Inter");
  assert.deepEqual(laid.xaxis, { ...axis(), domain: [0, 0.4] });
  assert.deepEqual(laid.xaxis2, { ...axis(), domain: [0.6, 1] });
  assert.deepEqual(laid.font, { size: 14, family: "Inter" });
  assert.deepEqual([laid.width, laid.height], [700, 300]);
  laid.xaxis.range[0] = 9;
  assert.deepEqual(layout, { font: { size: 14 }, xaxis: axis(), xaxis2: axis() });
});

test("rows of panels leave pixels for the heads of the lower ones", () => {
  const margin = { l: 1, r: 1, t: 34, b: 1 };
  const axis = () => ({ range: [-1, 1] });
  const layout = { font: { size: 14 }, margin, yaxis: axis(), yaxis2: axis(), yaxis3: axis() };
  const step = 1.19 / (3 + 2 * 0.19);
  const places = Object.fromEntries(
    ["yaxis", "yaxis2", "yaxis3"].map((key, i) => [
      `${key}.domain`,
      [(2 - i) * step, (2 - i) * step + 1 / (3 + 2 * 0.19)],
    ]),
  );
  const laid = arranged(
    { layout },
    { layout: places, rows: 3 },
    { width: 700, height: 435 },
    "",
    38,
  );
  const [first, second, third] = [laid.yaxis, laid.yaxis2, laid.yaxis3].map(({ domain }) => domain);
  const plot = 400;
  for (const [low, high] of [first, second, third]) {
    assert.ok(Math.abs((high - low) * plot - (plot - 2 * 38) / 3) < 1e-6, "of one height");
  }
  assert.ok(Math.abs((first[0] - second[1]) * plot - 38) < 1e-6);
  assert.ok(Math.abs((second[0] - third[1]) * plot - 38) < 1e-6);
  assert.equal(first[1], 1);
});

test("the keys of runs over one narrow panel take lines of two, or of one if they are long", () => {
  const one = { columns: 1, rows: 1 };
  const short = ["SGD", "Momentum", "Nesterov", "Adam"];
  assert.equal(linesOfKeys(short, one, 366), 2);
  assert.equal(linesOfKeys(short.slice(1), one, 366), 2);
  assert.equal(linesOfKeys(short.slice(2), one, 366), 1);
  assert.equal(linesOfKeys(short, one, 1300), 1);
  assert.equal(linesOfKeys(short, { columns: 1, rows: 4 }, 366), 1);
  const long = ["rate 0.0475, momentum 0", "rate 0.0475, momentum 0.9"];
  assert.equal(linesOfKeys(long, one, 366), 2);
  assert.equal(linesOfKeys(long.slice(1), one, 366), 1);
  assert.equal(linesOfKeys(long, one, 1300), 1);
  // With their losses, two names of which one is longer than half a line.
  assert.equal(linesOfKeys(["Subgradient", "Proximal steps"], one, 366), 2);
  assert.equal(linesOfKeys(["SGD", "Momentum"], one, 366), 1);
  // Beside a column of cards.
  assert.equal(linesOfKeys(["SGD", "Momentum", "RMSProp", "Adam"], one, 655), 2);
  assert.equal(linesOfKeys(["SGD", "Momentum", "RMSProp", "Adam"], one, 760), 1);
  assert.equal(linesOfKeys(["학습률 0.05, 모멘텀 0", "학습률 0.05, 모멘텀 0.9"], one, 366), 2);
});

test("a line is drawn to its length, dashed or not", () => {
  const drawn = (/** @type {string} */ text) => text.split(" ").map(Number);
  assert.deepEqual(drawn(dashesOf(40, null)), [40, 1e7]);
  for (const length of [0, 3, 9, 12, 14, 40, 1000]) {
    const dashes = drawn(dashesOf(length, DASH));
    assert.equal(dashes.length % 2, 0);
    const ends = dashes.slice(0, -1).reduce((sum, pixels) => sum + pixels, 0);
    assert.ok(ends <= length && ends >= length - 5, `${ends} of ${length}`);
    assert.equal(dashes.at(-1), 1e7);
  }
  assert.deepEqual(
    drawn(dashesOf(40, [9, 5, 28, 1])),
    [9, 5, 9, 5, 12, 1e7],
    "whole from there on",
  );
});

test("marks on one place stand beside each other about it, and one alone stays", () => {
  const places = /** @type {[number, number][]} */ ([
    [50, 20],
    [50, 22],
    [90, 20],
  ]);
  assert.deepEqual(besideEachOther(places, 16), [-8, 8, 0]);
});

test("labels that would touch are moved apart and stay as near as they can", () => {
  assert.deepEqual(apart([10, 80], 20, 0, 100), [10, 80]);
  assert.deepEqual(apart([50, 50], 20, 0, 100), [40, 60]);
  assert.deepEqual(apart([98, 99, 40], 20, 0, 100), [80, 100, 40]);
  const found = apart([5, 6, 7, 30], 20, 0, 100);
  for (let i = 1; i < found.length; i++) assert.ok(found[i] - found[i - 1] >= 20 - 1e-9);
  assert.equal(found[0], 0);
});
