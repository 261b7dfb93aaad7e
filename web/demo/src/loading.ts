import { element, megabytes } from "./page.js";

const state = element("state");
const loading = element("loading");
const bar = element("bar");

export function showProgress(loaded: number, total: number | undefined): void {
  bar.style.transform = `scaleX(${total ? (0.7 * loaded) / total : 0.3})`;
  state.textContent = `Fetching the model: ${megabytes(loaded)}${total ? ` of ${megabytes(total)}` : ""}`;
}

export function showSize(bytes: number, memory: number): void {
  element("size").textContent = megabytes(bytes);
  element("sizes").textContent = `of model and engine; ${megabytes(memory)} of memory`;
}

export function showIndex(done: number, total: number, milliseconds: number): void {
  bar.style.transform = `scaleX(${0.7 + (0.3 * done) / total})`;
  loading.classList.toggle("done", done === total);
  state.textContent =
    done < total
      ? `Reading sentences: ${done.toLocaleString("en")} of ${total.toLocaleString("en")}`
      : `${total.toLocaleString("en")} sentences read in ${(milliseconds / 1000).toFixed(2)} s`;
}

export function showFailure(message: string): void {
  element("reason").textContent = message;
  element("failure").hidden = false;
  loading.classList.add("done");
  state.textContent = "";
}

/** Lets the service worker keep the page, and says so once it has. */
export async function showOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(new URL("./service-worker.js", import.meta.url));
    await navigator.serviceWorker.ready;
    element("offline").textContent = "This page now works without a network: try it in flight mode.";
    document.documentElement.dataset["offline"] = "ready";
  } catch {
    element("offline").textContent = "";
  }
}
