// The teacher's key: whatever stands behind the # of an address, the one that the server took is kept.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Keys } from "../../views/classroom/held.js";
import { ask } from "../../views/classroom/keeping.js";

const [KEY, OTHER] = ["k".repeat(22), "x".repeat(22)];

/** A browser whose address ends like that. */
function world(
  /** @type {string} */ behind,
  /** @type {Map<string, string>} */ stored = new Map(),
) {
  const at = {
    stored,
    hash: behind,
    behind: () => at.hash,
    hide: () => {
      at.hash = "";
    },
    storage: {
      getItem: (/** @type {string} */ name) => stored.get(name) ?? null,
      setItem: (/** @type {string} */ name, /** @type {string} */ key) =>
        void stored.set(name, key),
      removeItem: (/** @type {string} */ name) => void stored.delete(name),
    },
  };
  return at;
}

test("a key leaves the address, and is stored once the server has taken it", () => {
  const at = world(KEY);
  const keys = new Keys(at);
  assert.equal(keys.of("AAAA"), KEY);
  assert.deepEqual([at.hash, at.stored.size], ["", 0]);
  keys.keep("AAAA", KEY);
  assert.equal(new Keys(world("", at.stored)).of("AAAA"), KEY);
  assert.equal(keys.of("BBBB"), null);
});

test("what is no key, or another class's, leaves the one that is stored", () => {
  const stored = new Map([["zigzag-key-AAAA", KEY]]);
  for (const behind of ["x", "top", KEY.slice(1), `${KEY}x`, "<script>", ""]) {
    const at = world(behind, stored);
    assert.equal(new Keys(at).of("AAAA"), KEY);
    assert.equal(at.hash, behind);
  }
  const keys = new Keys(world(OTHER, stored));
  assert.equal(keys.of("AAAA"), OTHER);
  keys.refuse("AAAA", OTHER);
  assert.equal(keys.of("AAAA"), KEY);
  // The server has not taken that one either.
  keys.refuse("AAAA", KEY);
  assert.deepEqual([keys.of("AAAA"), stored.size], [null, 0]);
});

test("a browser that stores nothing knows the key as long as the page is open", () => {
  const refuse = () => {
    throw new Error("forbidden");
  };
  const at = world("");
  at.storage = { getItem: refuse, setItem: refuse, removeItem: refuse };
  const keys = new Keys(at);
  keys.keep("AAAA", KEY);
  assert.equal(keys.of("AAAA"), KEY);
  keys.forget("AAAA");
  assert.equal(keys.of("AAAA"), null);
});

// --- What is asked of the server

const { fetch } = globalThis;
afterEach(() => {
  globalThis.fetch = fetch;
});

/** A server that answers like that; returns what it was asked. */
function answering(
  /** @type {string} */ body,
  /** @type {object} */ { status = 200, type = "application/json" } = {},
) {
  /** @type {any[]} */
  const asked = [];
  Object.assign(globalThis, {
    document: { baseURI: "http://host/app/class", documentElement: { lang: "ko" } },
    fetch: async (/** @type {URL} */ address, /** @type {any} */ options) => {
      asked.push([String(address), options]);
      return new Response(body, { status, headers: { "content-type": type } });
    },
  });
  return asked;
}

test("a class is asked in the page's language, with the teacher's key in a header alone", async () => {
  const asked = answering('{"code":"AAAA"}');
  const query = { theme: "dark" };
  const reply = await ask("AAAA/card", { key: KEY, query });
  assert.deepEqual(reply, { status: 200, body: { code: "AAAA" } });
  await ask("", { body: { subject: "rate" } });
  const [[address, options], [door, opening]] = asked;
  assert.equal(address, "http://host/app/zz/class/AAAA/card?lang=ko&theme=dark");
  assert.deepEqual([options.method, options.headers], ["GET", { Authorization: `Bearer ${KEY}` }]);
  assert.equal(door, "http://host/app/zz/class?lang=ko");
  assert.deepEqual(
    [opening.method, opening.body, opening.headers],
    ["POST", '{"subject":"rate"}', {}],
  );
});

test("what is not the app's answer is none", async () => {
  for (const [body, more] of [
    ["<html>", {}],
    ["<html>", { status: 404, type: "text/html" }],
    ["null", {}],
    ["{}", { status: 404 }],
    ['{"told":1}', { status: 403 }],
  ]) {
    answering(/** @type {string} */ (body), /** @type {object} */ (more));
    await assert.rejects(ask("AAAA"));
  }
  answering('{"told":"over"}', { status: 404 });
  assert.deepEqual(await ask("AAAA"), { status: 404, body: { told: "over" } });
  answering("student,card", { type: "text/csv; charset=utf-8" });
  assert.deepEqual(await ask("AAAA/answers.csv"), { status: 200, body: "student,card" });
});
