// Debian's Chromium, started with a fresh profile for each test file.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

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
