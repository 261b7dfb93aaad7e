// Debian's Chromium, started with a fresh profile for each test file.
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

/** A fresh browser on the page of `folder`; what it complains of, and what it asks of others. */
export async function openPage(folder, options = {}, path = "") {
  const server = await serve(folder);
  const address = addressOf(server);
  const { context, close } = await openBrowser(options);
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints = [];
  const strangers = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  context.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(address)) strangers.push(request.url());
  });
  await page.goto(address + path);
  const end = async () => {
    await close();
    server.closeAllConnections();
    server.close();
  };
  return { page, context, server, complaints, strangers, end };
}
