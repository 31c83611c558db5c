import { request } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Stores } from '../../server/storage/stores/index.ts';
import { openBrowser, visit } from '../browser/panel-kit.ts';
import { DOMAIN, show, startHouse } from './house.ts';

/**
 * `node test/load/people.ts [PEOPLE] [RUNS]`: in a house of so many (10,000), how long the page of people takes in Debian's chromium
 * until it can be used, and what each of its questions costs: medians of so many runs (7), in ms. The browser comes with an empty
 * cache each time; a search counts from the last key, with the quarter of a second in which more could be typed.
 */
const PEOPLE = Number(process.argv[2] ?? 10_000);
const RUNS = Number(process.argv[3] ?? 7);
const AT_ONCE = 500;
const DAY = 24 * 60 * 60 * 1_000;

/** Names in another order than addresses; a third never came, some are disabled, all are in one of ten departments. */
async function fill({ accounts, departments, people }: Stores): Promise<void> {
  const groups = await Promise.all(
    Array.from({ length: 10 }, (_, n) => departments.create(DOMAIN, `Department ${n}`, '')),
  );
  for (let from = 0; from < PEOPLE; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, PEOPLE - from) }, (_, n) => from + n);
    const made = await Promise.all(
      some.map((n) =>
        accounts.create({ domain: DOMAIN, local: `user${n}`, name: `Person ${(n * 7_919) % PEOPLE}`, credentials: [] }),
      ),
    );
    for (const [n, account] of made.entries()) {
      if (n % 3 > 0) people.left(account.id, Date.now() - n * DAY);
      if (n % 50 === 0) await accounts.setStatus(account, 'disabled', 'On leave.');
    }
    await departments.assign(
      DOMAIN,
      made.map((person, n) => ({ person, ids: [groups[n % 10]!.id] })),
    );
  }
}

/** As `hallwayctl claim-code` does. */
function claimCode(folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      { socketPath: join(folder, 'data', 'hallwayctl.sock'), method: 'POST', path: '/api/claim-code' },
      (reply) => {
        let text = '';
        reply.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        reply.on('end', () => resolve((JSON.parse(text) as { code: string }).code));
      },
    );
    call.on('error', reject).end();
  });
}

function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The times of one question, asked by the page as it asks. */
async function ask(page: Page, query: string): Promise<number> {
  const times = (await page.evaluate(`(async () => {
    const times = [];
    for (let n = 0; n < ${RUNS}; n++) {
      const began = performance.now();
      const reply = await fetch('/api/people?limit=25&${query}');
      await reply.text();
      if (!reply.ok) throw new Error('${query}: ' + reply.status);
      times.push(performance.now() - began);
    }
    return times;
  })()`)) as number[];
  return median(times);
}

const house = await startHouse(0, { fill });
const browser = await openBrowser();
try {
  const url = `https://localhost:${house.ports.https}`;
  const { page, context } = await visit(browser);
  await page.goto(`${url}/claim#${await claimCode(house.folder)}`);
  await page.getByLabel('Your name').fill('olga');
  await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
  await page.getByRole('button', { name: 'Start using Hallway' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  const storageState = await context.storageState();
  const all = `${PEOPLE.toLocaleString('en')} people`;
  const [loads, searches]: number[][] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    const { page: fresh, context: own } = await visit(browser, { storageState });
    loads!.push(
      await timed(async () => {
        await fresh.goto(`${url}/people`, { waitUntil: 'commit' });
        await fresh.getByText(all, { exact: true }).waitFor();
        await fresh.getByRole('row').nth(25).waitFor();
      }),
    );
    const found = fresh.getByRole('link', { name: 'Person 77', exact: true });
    searches!.push(
      await timed(async () => {
        await fresh.getByRole('searchbox').fill('person 77');
        await found.waitFor();
      }),
    );
    await own.close();
  }
  show(`the page of ${PEOPLE} people`, { 'usable after': median(loads!), 'a search': median(searches!) });
  for (const query of [
    '',
    'sort=name',
    'sort=seen',
    'sort=created',
    `domain=${DOMAIN}&sort=name`,
    'search=person%2077',
    'search=user77@',
    'status=active',
    'status=disabled&sort=name',
    'status=online',
    'status=never&sort=name',
    'status=leaving',
    'status=full',
    'department=1&sort=name',
  ]) {
    await house.read();
    const time = await ask(page, query);
    const { cpu } = await house.read();
    show(query || 'all', { ms: time, 'ms of the processor': cpu / RUNS });
  }
} finally {
  await browser.close();
  await house.stop();
}
