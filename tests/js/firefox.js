// The main path of a visitor in Firefox, driven over WebDriver BiDi; tests/test_firefox.py runs it:
// node firefox.js MODULES FIREFOX ADDRESS TEXTS. It prints what it saw as JSON.

import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [modules, executablePath, address, words] = process.argv.slice(2);
const texts = JSON.parse(words);
const found = createRequire(join(modules, "x.js")).resolve("puppeteer-core");
const { default: puppeteer } = await import(pathToFileURL(found).href);

const PLAYER = "[data-shown]";
const problems = [];
const seen = {};

const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
try {
  seen.version = await browser.version();
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.setViewport({ width: 1280, height: 900 });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
  });
  const { host } = new URL(address);
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.protocol.startsWith("http") && asked.host !== host) problems.push(asked.href);
  });

  const state = () =>
    page.$eval(PLAYER, (player) => ({ ...player.dataset, search: location.search }));
  /** Wait until a function of (the player's dataset, location.search, `argument`) is true. */
  const until = (condition, argument = null) =>
    page.waitForFunction(
      (selector, text, argument) => {
        const player = document.querySelector(selector);
        return (
          player && new Function(`return (${text})`)()(player.dataset, location.search, argument)
        );
      },
      {},
      PLAYER,
      String(condition),
      argument,
    );
  const press = async (name) => {
    await (await page.waitForSelector(`aria/${name}[role="button"]`)).click();
  };
  const open = async (query) => {
    // Firefox calls a font whose page is left before it has come an error.
    await page.evaluate(() => document.fonts.ready.then(() => null));
    await page.goto(`${address}?${query}`);
    await page.waitForSelector(PLAYER);
    return state();
  };

  await open("surface=Quadratic");
  seen.paths = (await page.$$(".zz-front path.js-line")).length;
  seen.rows = (await page.$$(".zz-table tbody tr")).length;

  await press(texts.home);
  await until((data) => data.step === "0");
  await press(texts.on);
  await until((data) => data.step === "1");
  await press(texts.play);
  await until((data) => Number(data.step) > 1);
  seen.played = true;

  const before = (await state()).scene;
  await page.focus(`input[type="range"][aria-label="${texts.rate}"]`);
  await page.keyboard.press("ArrowRight");
  await until((data, search, before) => data.scene !== before && search.includes("SGD.lr"), before);
  seen.changed = (await state()).search;

  await press(texts.save);
  await page.waitForSelector("a.zz-file[href*='.csv']");
  seen.saved = await page.$eval("a.zz-file[href*='.csv']", async (link) =>
    (await (await fetch(link.href)).text()).slice(0, 8),
  );

  for (const view of ["3-D", "Maps"]) {
    seen[view] = Number((await open(`surface=Quadratic&view=${view}`)).shown) > 0;
  }
  seen.drawn = (await page.$$(".js-plotly-plot")).length;
} catch (error) {
  problems.push(String(error));
} finally {
  await browser.close();
}
console.log(JSON.stringify({ seen, problems }));
