import assert from "node:assert/strict";
import test from "node:test";
import { filled, speak, tr } from "../../views/player/texts.js";

test("a text is English until a scene brings another language, and is again after it", () => {
  assert.equal(tr("Play"), "Play");
  assert.equal(speak({ Play: "재생" }), true);
  assert.equal(speak({ Play: "재생" }), false);
  assert.equal(tr("Play"), "재생");
  assert.equal(tr("Pause"), "Pause");
  assert.equal(speak({}), true);
  assert.equal(tr("Play"), "Play");
});

test("values take the place of their names, and an unknown name stays", () => {
  assert.equal(filled("step {here} of {end}", { here: 3, end: 100 }), "step 3 of 100");
  assert.equal(filled("{end}개 중 {here}", { here: 0, end: 7 }), "7개 중 0");
  assert.equal(filled("{what}", {}), "{what}");
});
