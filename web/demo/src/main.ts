import { GoingOn } from "./going-on.js";
import { showFailure, showIndex, showProgress, showSize, showOffline } from "./loading.js";
import { Neighbours } from "./neighbours.js";
import { showMood } from "./mood.js";
import { element, microseconds } from "./page.js";
import type { Answer, News, Question } from "./messages.js";

const EXAMPLES = [
  "I am locked out of my account",
  "the waiter was rude and the soup cold",
  "walking along the beach at dawn",
  "we lost in the last minute",
  "grandma's secret recipe",
  "what a wonderful film",
];
const SPOKEN_AFTER = 900; // milliseconds without a keystroke

const input = element<HTMLInputElement>("text");
const neighbours = new Neighbours(element("neighbours"), ask);
const goingOn = new GoingOn();
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
let asked = 0;
let speaking = 0;

function ask(text: string): void {
  input.value = text;
  worker.postMessage({ kind: "ask", id: ++asked, text } satisfies Question);
  goingOn.show(text);
}

function show(answer: Answer): void {
  if (answer.id !== asked) return; // typed on meanwhile
  showMood(answer.positive);
  neighbours.show(answer.neighbours);
  element("read").textContent = microseconds(answer.readMicroseconds);
  if (answer.neighbours.length) {
    element("compare").textContent = microseconds(answer.compareMicroseconds);
    element("compared").textContent = `to compare it with ${answer.compared.toLocaleString("en")} others`;
  }
  if (!document.documentElement.dataset["first"]) {
    const elapsed = performance.now();
    document.documentElement.dataset["first"] = String(elapsed);
    element("first").textContent = `${(elapsed / 1000).toFixed(2)} s`;
    goingOn.wake(); // the first answer waits for nothing else
  }
  clearTimeout(speaking);
  speaking = window.setTimeout(() => speak(answer), SPOKEN_AFTER);
}

/** For screen readers, once the typing rests. */
function speak(answer: Answer): void {
  const nearest = answer.neighbours[0];
  if (nearest) element("spoken").textContent = `${element("verdict").textContent}. Nearest: ${nearest.sentence}`;
}

worker.onmessage = ({ data: news }: MessageEvent<News>) => {
  if (news.kind === "answer") show(news);
  else if (news.kind === "progress") showProgress(news.loaded, news.total);
  else if (news.kind === "open") showSize(news.bytes, news.memory);
  else if (news.kind === "failure") showFailure(news.message);
  else {
    showIndex(news.done, news.total, news.milliseconds);
    if (news.done === news.total) void showOffline();
  }
};
worker.onerror = (event) => showFailure(event.message || "the page's worker could not be started; is this browser old?");

for (const example of EXAMPLES) {
  const chip = document.createElement("button");
  chip.type = "button";
  chip.textContent = example;
  chip.addEventListener("click", () => ask(example));
  element("chips").append(chip);
}
input.addEventListener("input", () => ask(input.value));
element("again").addEventListener("click", () => location.reload());
ask(input.value || EXAMPLES[0]!);
