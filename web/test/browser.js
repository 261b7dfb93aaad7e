// Debian's Chromium, started with a fresh profile for each test file.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { addressOf, serve } from "../demo/serve.js";

const QUIET = ["disable-background-networking", "disable-component-update", "disable-quic", "disable-sync", "no-first-run"];

/** A browser context and what closes it; `options` are Playwright's for a context. */
export async function openBrowser(options = {}) {
  const folder = await mkdtemp(join(tmpdir(), "edgezoo-chromium-"));
  const root = process.getuid?.() === 0 ? ["no-sandbox"] : [];
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [...QUIET, ...root, "disable-gpu"].map((flag) => `--${flag}`),
    ...options,
  });
  const close = async () => {
    await context.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { context, close };
}

/** A fresh browser on the page of `folder`; what it complains of, what it asks for, and what of that of others. */
export async function openPage(folder, options = {}, path = "") {
  const server = await serve(folder);
  const address = addressOf(server);
  const { context, close } = await openBrowser(options);
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints = [];
  const requests = [];
  const strangers = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  context.on("request", (request) => {
    requests.push(request);
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(address)) strangers.push(request.url());
  });
  await page.goto(address + path);
  const end = async () => {
    await close();
    server.closeAllConnections();
    server.close();
  };
  return { page, context, server, complaints, requests, strangers, end };
}

/** What is hard to read on a page: texts whose contrast with what is behind them is below 4.5. */
export function weakTexts(page) {
  return page.evaluate((selector) => {
    const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
    const luminance = (colour) => {
      const [r, g, b] = colour.map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (node) => {
      const [r, g, b, alpha = 1] = channels(getComputedStyle(node).backgroundColor);
      if (alpha === 1 || !node.parentElement) return [r, g, b];
      const behind = ground(node.parentElement);
      return [r, g, b].map((value, i) => alpha * value + (1 - alpha) * behind[i]);
    };
    const texts = [...document.querySelectorAll(selector)].filter((node) => node.offsetHeight > 1);
    return texts.flatMap((node) => {
      const own = channels(getComputedStyle(node).color).slice(0, 3);
      const pair = [luminance(own), luminance(ground(node))].sort((a, b) => b - a);
      const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
      return ratio < 4.5 ? [`${node.tagName} ${node.textContent.slice(0, 30)}: ${ratio.toFixed(2)}`] : [];
    });
  }, "h1, h2, p, dt, dd, legend, label, th, td, a, button, input:not([type=range]), .going-on span");
}

/** The fields and buttons of a page that have no name. */
export function nameless(page) {
  return page.locator("input, button, progress").evaluateAll((nodes) =>
    nodes.filter((node) => !(node.labels?.length || node.textContent.trim() || node.ariaLabel)).map((node) => node.outerHTML),
  );
}

/** That a page fits its width, names its controls, and has enough contrast, light and dark. */
export async function readable(page, width) {
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
  assert.deepEqual(await nameless(page), []);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await weakTexts(page), []);
  }
}
