import assert from "node:assert/strict";
import test from "node:test";
import { command, turn } from "../../views/player/keys.js";

// An element as far as keys look at one: `is` holds the selectors that it or a parent matches.
const element = (...is) => ({
  isContentEditable: false,
  closest: (selectors) => selectors.split(/,\s*/).some((selector) => is.includes(selector)),
});
const key = (name, target = element(), more = {}) => ({ key: name, target, ...more });
const scrub = element("input");

test("keys are commands anywhere on the page", () => {
  const meanings = { " ": "play", ArrowLeft: "back", ArrowRight: "on", Home: "home", End: "end" };
  for (const [name, meaning] of Object.entries(meanings)) {
    assert.equal(command(key(name), scrub), meaning);
  }
  assert.equal(command(key("a"), scrub), undefined);
});

test("keys of what is typed into or chosen from are left alone, but not those of the scrub bar", () => {
  for (const owner of ["input", "textarea", "select", "[role=slider]", "[role=tab]"]) {
    assert.equal(command(key("ArrowLeft", element(owner)), scrub), undefined);
  }
  assert.equal(command(key("ArrowLeft", scrub), scrub), "back");
  const text = { ...element(), isContentEditable: true };
  assert.equal(command(key(" ", text), scrub), undefined);
});

test("the space bar presses what has the focus; arrows are not for buttons", () => {
  assert.equal(command(key(" ", element("button")), scrub), undefined);
  assert.equal(command(key(" ", element("a")), scrub), undefined);
  assert.equal(command(key("ArrowLeft", element("button")), scrub), "back");
});

test("keys with another key held are the browser's", () => {
  for (const modifier of ["altKey", "ctrlKey", "metaKey"]) {
    assert.equal(command(key("ArrowLeft", element(), { [modifier]: true }), scrub), undefined);
    assert.equal(turn(key("ArrowLeft", element(), { [modifier]: true })), undefined);
  }
});

test("keys turn the camera there and back", () => {
  for (const [one, other] of [
    ["ArrowLeft", "ArrowRight"],
    ["ArrowUp", "ArrowDown"],
    ["+", "-"],
  ]) {
    const [there, back] = [turn(key(one)), turn(key(other))];
    assert.deepEqual([there[0] + back[0], there[1] + back[1]], [0, 0]);
    assert.ok(Math.abs(there[2] * back[2] - 1) < 1e-12);
  }
  assert.equal(turn(key(" ")), undefined);
});
