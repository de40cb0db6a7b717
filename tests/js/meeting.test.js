import assert from "node:assert/strict";
import test from "node:test";
import { give, settle, takeBack } from "../../views/player/meeting.js";

/** An element, as far as parts and places use it. */
class Node {
  /** @type {Node | null} */
  parentElement = null;
  /** @type {Node[]} */
  children = [];

  /** @param {Node} child */
  append(child) {
    child.remove();
    this.children.push(child);
    child.parentElement = this;
  }

  remove() {
    const { parentElement } = this;
    if (parentElement) parentElement.children = parentElement.children.filter((c) => c !== this);
    this.parentElement = null;
  }

  querySelector() {
    return null;
  }
}

const element = () => /** @type {any} */ (new Node());

test("a part stands at home until there is a place, and again when that has gone", () => {
  const [part, home, place] = [element(), element(), element()];
  settle("later", part, home, new AbortController().signal);
  assert.equal(part.parentElement, home);
  give("later", place);
  assert.equal(part.parentElement, place);
  takeBack(place);
  assert.equal(part.parentElement, home);
});

test("a place may be there before its part", () => {
  const [part, home, place] = [element(), element(), element()];
  give("before", place);
  settle("before", part, home, new AbortController().signal);
  assert.equal(part.parentElement, place);
});

test("a place that comes again takes over, and the old one's end changes nothing", () => {
  const [part, home, first, second] = [element(), element(), element(), element()];
  settle("twice", part, home, new AbortController().signal);
  give("twice", first);
  give("twice", second);
  takeBack(first);
  assert.equal(part.parentElement, second);
});

test("a part that has ended is gone, and its successor takes the place", () => {
  const [old, part, home, place] = [element(), element(), element(), element()];
  const ending = new AbortController();
  give("ended", place);
  settle("ended", old, home, ending.signal);
  settle("ended", part, home, new AbortController().signal);
  ending.abort();
  assert.deepEqual(place.children, [part]);
});
