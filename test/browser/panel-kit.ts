import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const OUTPUT = join(import.meta.dirname, '..', 'output');

/** Why no browser can be driven here, or false: what node:test takes as `skip`. */
export const noBrowser: string | false = existsSync(CHROMIUM) ? false : 'the Debian package chromium is not installed';

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(' ') });
}

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained about: scripts that failed, what the content policy forbade. */
  readonly complaints: string[];
}

/** A browser of its own (no cookies) whose complaints are collected. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  // The house's authority is its own: trusting it is the business of the tests of certificates.
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 860 },
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    // A refusal that the page shows in words is noted by the browser as well.
    if (['error', 'warning'].includes(message.type()) && !/status of 4\d\d/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { context, page, complaints };
}

/** Chooses from the menu of whoever is signed in: `Your account`, `Sign out`, a theme, a language. */
export async function chooseOfMine(page: Page, item: string): Promise<void> {
  await page.getByRole('button', { name: /^(?:Account|Konto):/ }).click();
  await page.getByRole('menu').getByText(item, { exact: true }).click();
}

/** Keeps a picture under test/output/ for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(OUTPUT, { recursive: true });
  await page.screenshot({ path: join(OUTPUT, `panel-${name}.png`), fullPage: true });
}

/** Waits until something holds, 5 s at most: what a page shows may be a moment ahead of what is written down. */
export async function eventually(holds: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + 5_000; ; ) {
    try {
      return await holds();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(50);
    }
  }
}

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/**
 * What axe finds (WCAG 2.2 A and AA) on the page as it stands, be it ever so small; needs a context with `bypassCSP`. `within`: in a
 * part of the page alone, where others look at the rest of it.
 */
export async function everyFinding(page: Page, within?: Locator): Promise<string[]> {
  return (await findings(page, within)).map((finding) => told(page, finding));
}

/** The serious ones of them. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const found = (await findings(page)).filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return found.map((finding) => told(page, finding));
}

const told = (page: Page, { id, nodes }: Finding): string => `${page.url()} ${id}: ${nodes[0]?.html ?? ''}`;

interface Axe {
  run(where: unknown, options: object): Promise<{ violations: Finding[] }>;
}

const RULES = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
  resultTypes: ['violations'],
};
let axeSource: Promise<string> | undefined;

async function findings(page: Page, within: Locator = page.locator(':root')): Promise<Finding[]> {
  // Colours are judged where they have come to rest.
  await page.waitForTimeout(250);
  if (!(await page.evaluate("'axe' in globalThis"))) {
    axeSource ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    await page.evaluate(await axeSource);
  }
  return within.first().evaluate(async (part, rules) => {
    const { axe } = globalThis as unknown as { axe: Axe };
    return (await axe.run(part, rules)).violations;
  }, RULES);
}
