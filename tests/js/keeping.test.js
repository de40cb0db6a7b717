// A student's answers are kept until the server has them, whatever happens on the way.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../views/classroom/cuts.js";
import { Keeper } from "../../views/classroom/keeping.js";

const TOKEN = "a".repeat(32);

/** A browser and a server that do as they are told. */
function world(/** @type {any[]} */ replies, stored = new Map()) {
  /** @type {any[]} */
  const sent = [];
  /** @type {number[]} */
  const pauses = [];
  return {
    sent,
    pauses,
    stored,
    token: () => TOKEN,
    now: () => 1000,
    wait: async (/** @type {number} */ pause) => void pauses.push(pause),
    storage: {
      getItem: (/** @type {string} */ key) => stored.get(key) ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ value) =>
        void stored.set(key, value),
      removeItem: (/** @type {string} */ key) => void stored.delete(key),
    },
    send: async (/** @type {any[]} */ ...what) => {
      sent.push(what);
      const reply = replies.length ? replies.shift() : { status: 200, body: { answers: {} } };
      if (reply instanceof Error) throw reply;
      return reply;
    },
  };
}

const had = (/** @type {object} */ answers) => ({ status: 200, body: { answers } });
const refused = (/** @type {number} */ status) => ({ status, body: { told: `told ${status}` } });

test("a student joins, and an answer is sent once", async () => {
  const at = world([]);
  const keeper = new Keeper("AAAA", at, () => {});
  await keeper.work();
  assert.equal(keeper.standing, "sent");
  await keeper.answer("1", "b");
  await keeper.answer("1", "b");
  assert.deepEqual(at.sent, [
    [TOKEN, undefined, undefined],
    [TOKEN, "1", "b"],
  ]);
  assert.equal(keeper.has("1"), true);
});

test("what does not arrive is tried again, with pauses that grow, until it has", async () => {
  const lost = new Error("lost");
  const at = world([had({}), lost, refused(503), refused(429), refused(500), lost, had({})]);
  /** @type {string[]} */
  const seen = [];
  const keeper = new Keeper("AAAA", at, () => seen.push(keeper.standing));
  await keeper.answer("1", "a");
  assert.equal(keeper.has("1"), true);
  assert.equal(at.sent.length, 7);
  assert.equal(at.pauses.length, 5);
  for (const [i, pause] of at.pauses.entries()) {
    const usual = 500 * 2 ** i;
    assert.ok(pause >= 0.75 * usual && pause <= 1.25 * usual, `${pause}`);
  }
  assert.deepEqual([seen[0], seen.at(-1)], ["waiting", "sent"]);
});

test("an answer outlives the page, and is sent by the next one", async () => {
  const at = world([had({})]);
  const keeper = new Keeper("AAAA", at, () => {});
  await keeper.work();
  at.send = () => Promise.reject(new Error("lost"));
  at.wait = () => new Promise(() => {}); // the page is closed before the next try
  keeper.answer("2", "c");
  const after = world([], at.stored);
  const again = new Keeper("AAAA", after, () => {});
  await again.work();
  assert.deepEqual(after.sent.at(-1), [TOKEN, "2", "c"]);
  assert.equal(again.has("2"), true);
});

test("what the server has forgotten is sent once more", async () => {
  const at = world([]);
  const keeper = new Keeper("AAAA", at, () => {});
  await keeper.answer("1", "a");
  const after = world([had({})], at.stored);
  const again = new Keeper("AAAA", after, () => {});
  await again.work();
  assert.deepEqual(after.sent, [
    [TOKEN, undefined, undefined],
    [TOKEN, "1", "a"],
  ]);
});

test("the last of several answers is the one that is there", async () => {
  const at = world([]);
  const keeper = new Keeper("AAAA", at, () => {});
  const first = keeper.answer("1", "a");
  keeper.answer("1", "b");
  keeper.answer("1", "c");
  await first;
  assert.deepEqual(at.sent.at(-1), [TOKEN, "1", "c"]);
  assert.equal(keeper.has("1"), true);
});

test("a class that is over is forgotten, and nothing more is sent", async () => {
  const at = world([refused(404)]);
  const keeper = new Keeper("AAAA", at, () => {});
  await keeper.answer("1", "a");
  assert.deepEqual([keeper.standing, keeper.told, at.stored.size], ["over", "told 404", 0]);
  await keeper.answer("1", "b");
  assert.equal(at.sent.length, 1);
});

test("an answer that the card does not offer is not sent again", async () => {
  const at = world([had({}), refused(400)]);
  const keeper = new Keeper("AAAA", at, () => {});
  await keeper.answer("1", "x");
  assert.deepEqual([keeper.standing, keeper.told], ["wrong", "told 400"]);
  await keeper.answer("1", "a");
  assert.deepEqual([keeper.standing, keeper.has("1")], ["sent", true]);
});

test("an answer that is not taken keeps back no other, and is not sent when the card opens again", async () => {
  const closed = { status: 409, body: { told: "closed", card: 1 } };
  const at = world([had({}), closed]);
  const keeper = new Keeper("AAAA", at, () => {});
  const first = keeper.answer("1", "a");
  keeper.answer("2", "b");
  await first;
  const [, ...sent] = at.sent.map(([, card]) => card);
  assert.deepEqual(sent, ["1", "2"]);
  assert.deepEqual([keeper.has("2"), keeper.given[1]], [true, undefined]);
  const only = world([had({}), closed]);
  const other = new Keeper("AAAA", only, () => {});
  await other.answer("1", "a");
  assert.deepEqual([other.standing, other.told, other.given[1]], ["wrong", "closed", undefined]);
  assert.deepEqual(other.refused, { 1: "a" });
});

test("an answer is as the server writes it: it is not sent again after a reload", async () => {
  const at = world([had({}), had({ 1: "5e-05" })]);
  const keeper = new Keeper("AAAA", at, () => {});
  await keeper.answer("1", "0.00005");
  assert.deepEqual([keeper.given[1], keeper.has("1")], ["5e-05", true]);
  const after = world([had({ 1: "5e-05" })], at.stored);
  const again = new Keeper("AAAA", after, () => {});
  await again.work();
  assert.deepEqual([after.sent.length, again.has("1")], [1, true]);
});

test("a late change is given up, and the answer that the server has counts", async () => {
  const past = { status: 409, body: { told: "past", card: 3 } };
  const at = world([had({}), had({}), past]);
  const keeper = new Keeper("AAAA", at, () => {});
  await keeper.answer("1", "a");
  await keeper.answer("1", "b");
  assert.deepEqual([keeper.given[1], keeper.has("1"), keeper.standing], ["a", true, "wrong"]);
});

test("a class that ends while an answer is on its way stays over", async () => {
  for (const reply of [had({}), new Error("no network")]) {
    const at = world([had({}), reply]);
    const keeper = new Keeper("AAAA", at, () => {});
    await keeper.work();
    const answered = keeper.answer("1", "a");
    keeper.end("over");
    await answered;
    assert.deepEqual([keeper.standing, keeper.told, at.stored.size], ["over", "over", 0]);
    assert.equal(at.sent.length, 2);
  }
});

test("who is refused at the door asks once", async () => {
  const at = world([refused(403)]);
  const keeper = new Keeper("AAAA", at, () => {});
  await keeper.answer("1", "a");
  assert.deepEqual([keeper.standing, at.sent.length], ["wrong", 1]);
});

test("what is stored and makes no sense, or is too old, is begun anew", async () => {
  for (const text of ["", "{", "[]", '{"token":"x","at":1000}', `{"token":"${TOKEN}","at":-1e9}`]) {
    const at = world([], new Map([["zigzag-class-AAAA", text]]));
    const keeper = new Keeper("AAAA", at, () => {});
    await keeper.answer("1", "a");
    assert.deepEqual(at.sent.at(-1), [TOKEN, "1", "a"]);
  }
});

test("a browser that stores nothing sends all the same", async () => {
  const at = world([]);
  at.storage.setItem = () => {
    throw new Error("full");
  };
  const keeper = new Keeper("AAAA", at, () => {});
  await keeper.answer("1", "a");
  assert.equal(keeper.has("1"), true);
});

test("paths are cut after so many updates, and their heads go with them", () => {
  const path = { meta: "path", x: [0, 1, 2, null, 5, 6, null], y: [0, 10, 20, null, 50, 60, null] };
  const head = { meta: "head", x: [2, 6], y: [20, 60] };
  const other = { x: [7], y: [8] };
  const cut = (/** @type {number} */ step) => [path, head, other].map(until(step, [path, head]));
  const [first, at, same] = cut(0);
  assert.deepEqual(first.x, [0, null, 5, null]);
  assert.deepEqual(
    [at.x, at.y],
    [
      [0, 5],
      [0, 50],
    ],
  );
  assert.equal(same, other);
  // The second has ended by then, and stays where it did.
  assert.deepEqual(cut(2)[1].x, [2, 6]);
  assert.deepEqual(cut(2)[0].x, path.x);
});
