import assert from "node:assert/strict";
import test from "node:test";
import { advance, Clock, done, target, whole } from "../../views/player/clock.js";

test("a step is reached in spite of rounding", () => {
  assert.equal(whole(3 - 1e-12), 3);
  assert.equal(whole(2.9), 2);
  assert.equal(whole(0), 0);
});

test("of an update that is under way nothing is shown", () => {
  assert.equal(done(30, 0.1, 5), 3);
  assert.equal(done(39, 0.1, 5), 3);
  assert.equal(done(500, 0.1, 5), 5);
});

test("buttons lead to whole steps", () => {
  assert.equal(target("home", 4.5), 0);
  assert.equal(target("end", 4.5), Infinity);
  assert.equal(target("on", 4.5), 5);
  assert.equal(target("on", 4), 5);
  assert.equal(target("back", 4.5), 4);
  assert.equal(target("back", 4), 3);
});

test("a whole run takes eight seconds at speed 1, however many its steps", () => {
  assert.equal(advance(0, 2, 200, 1, false), 50);
  assert.equal(advance(0, 2, 1000, 1, false), 250);
  assert.equal(advance(10, 1, 200, 4, false), 110);
  assert.equal(advance(10, 0, 200, 4, false), 10);
});

test("the end is the end, or the start again", () => {
  assert.equal(advance(190, 1, 200, 1, false), Infinity);
  assert.equal(advance(175, 1, 200, 1, false), Infinity);
  assert.equal(advance(190, 1, 200, 1, true), 0);
});

// A clock with the browser's frames, which come when the test says so.
function running(context, steps, reduced = false) {
  const frames = [];
  let now = 0;
  const browser = {
    matchMedia: () => ({ matches: reduced }),
    requestAnimationFrame: (act) => frames.push(act),
    cancelAnimationFrame: () => frames.splice(0),
  };
  for (const [name, value] of Object.entries(browser)) globalThis[name] = value;
  context.mock.method(performance, "now", () => now);
  const toggles = [];
  const positions = [];
  const clock = new Clock(
    () => positions.push(clock.position),
    (playing) => toggles.push(playing),
  );
  clock.steps = steps;
  const pass = (milliseconds) => {
    now += milliseconds;
    frames.shift()?.(now);
  };
  return { clock, toggles, positions, frames, pass };
}

test("a clock stays within the run", (context) => {
  const { clock, positions } = running(context, 30);
  for (const step of [Infinity, 31, -1, 12.5]) clock.go(step);
  assert.deepEqual(positions, [30, 30, 0, 12.5]);
});

test("a clock plays from the start once it is at the end, and stops there", (context) => {
  const { clock, toggles, frames, pass } = running(context, 80);
  clock.go(80);
  clock.start();
  assert.equal(clock.position, 0);
  pass(1090);
  assert.equal(clock.position, 10, "no part of a step is shown");
  pass(10);
  assert.equal(clock.position, 11);
  clock.speed = 2;
  pass(1000);
  assert.equal(clock.position, 31);
  pass(10_000);
  assert.equal(clock.position, 80);
  assert.deepEqual(toggles, [true, false]);
  assert.equal(frames.length, 0);
});

test("a clock that loops goes on from the start", (context) => {
  const { clock, frames, pass } = running(context, 80);
  clock.looping = true;
  clock.go(79);
  clock.start();
  pass(1000);
  assert.equal(clock.position, 0);
  assert.equal(clock.playing, true);
  clock.pause();
  assert.equal(frames.length, 0);
});

test("a clock shows whole steps, each once, and none is lost", (context) => {
  const { clock, positions, pass } = running(context, 80, true);
  clock.go(0);
  clock.start();
  for (let frame = 0; frame < 25; frame++) pass(10);
  assert.deepEqual(positions, [0, 1, 2]);
});
