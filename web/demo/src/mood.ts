import { element } from "./page.js";

const VERDICTS: readonly [number, string][] = [
  [0.1, "sounds bad"],
  [0.35, "rather bad"],
  [0.65, "could be either"],
  [0.9, "rather good"],
  [1.01, "sounds good"],
];

/** Moves the needle and bends the mouth; undefined: nothing to judge. */
export function showMood(positive: number | undefined): void {
  const value = positive ?? 0.5;
  const colour = value > 0.65 ? "var(--good)" : value < 0.35 ? "var(--bad)" : "var(--quiet)";
  const verdict = VERDICTS.find(([limit]) => value < limit)![1];
  const face = element<SVGElement>("face");
  document.documentElement.style.setProperty("--mood", colour);
  element("needle").style.left = `${3 + 94 * value}%`;
  element<SVGPathElement>("mouth").setAttribute("d", `M18 ${45 - 4 * value} Q32 ${31 + 26 * value} 46 ${45 - 4 * value}`);
  const percent = Math.round(100 * value);
  const text = positive === undefined ? "no words I know" : `${verdict}, ${Math.max(percent, 100 - percent)} %`;
  element("verdict").textContent = text;
  face.setAttribute("aria-label", text);
  element("scale").setAttribute("aria-valuenow", String(percent));
  element("scale").setAttribute("aria-valuetext", text);
}
