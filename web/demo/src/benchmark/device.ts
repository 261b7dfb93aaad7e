/** What a browser tells of the device that it runs on; most tell little. */
import { hasVectors } from "../../../src/module.js";
import { clockStep } from "./clock.js";
import { rounded } from "./distribution.js";

type Facts = Record<string, string | number>;

/** As Chromium has it. */
interface AgentData {
  getHighEntropyValues(names: readonly string[]): Promise<{
    readonly architecture?: string;
    readonly bitness?: string;
    readonly model?: string;
    readonly platform?: string;
    readonly platformVersion?: string;
    readonly fullVersionList?: readonly { readonly brand: string; readonly version: string }[];
  }>;
}
const HINTS = ["architecture", "bitness", "model", "platform", "platformVersion", "fullVersionList"];

interface Known extends Navigator {
  readonly userAgentData?: AgentData;
  /** In gigabytes, rounded. */
  readonly deviceMemory?: number;
}

/** The `device` of a report; `name` is what a person calls it. */
export async function deviceFacts(name: string): Promise<Facts> {
  const { userAgentData, deviceMemory, hardwareConcurrency, platform } = navigator as Known;
  const hints = (await userAgentData?.getHighEntropyValues(HINTS).catch(() => undefined)) ?? {};
  const kind = [hints.architecture, hints.bitness && `${hints.bitness} bits`].filter(Boolean).join(", ");
  const gpu = graphics();
  return {
    processor: kind,
    ...(name || hints.model ? { board: name || hints.model! } : {}),
    ...(gpu ? { gpu } : {}),
    cores: hardwareConcurrency || 1,
    ...(deviceMemory ? { memory_mb: Math.round(deviceMemory * 1024) } : {}),
    system: hints.platform || platform || "unknown system",
    os: [hints.platform, hints.platformVersion].filter(Boolean).join(" ") || systemOf(navigator.userAgent),
    isa: hasVectors() ? "simd128" : "portable",
    browser: browserOf(navigator.userAgent, hints.fullVersionList ?? []),
    isolated: String(globalThis.crossOriginIsolated),
    clock_us: rounded(clockStep(), 3),
  };
}

/** What draws, which often names the chip. */
function graphics(): string {
  const context = document.createElement("canvas").getContext("webgl");
  const extension = context?.getExtension("WEBGL_debug_renderer_info");
  return extension ? String(context!.getParameter(extension.UNMASKED_RENDERER_WEBGL)) : "";
}

/** What stands in the first brackets of a user agent. */
function systemOf(agent: string): string {
  return /\(([^)]*)\)/.exec(agent)?.[1] ?? "";
}

function browserOf(agent: string, brands: readonly { readonly brand: string; readonly version: string }[]): string {
  const own = brands.filter(({ brand }) => !/not.?a.?brand/i.test(brand.replace(/[^a-z]/gi, "")));
  const brand = own.find(({ brand }) => brand !== "Chromium") ?? own[0];
  if (brand) return `${brand.brand} ${brand.version}`;
  const [, name, version] = /(Firefox|Edg|OPR|CriOS|FxiOS|Chrome)\/([\d.]+)/.exec(agent) ?? [];
  if (name) return `${name} ${version}`;
  const safari = /Version\/([\d.]+).*Safari/.exec(agent)?.[1];
  return safari ? `Safari ${safari}` : agent;
}
