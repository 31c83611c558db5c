import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { sql } from '../../server/storage/database.ts';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { eventually, noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

describe('figures, log, activity and the history of settings in a browser', {
  skip: noBrowser,
  timeout: 120_000,
}, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;

  before(async () => {
    door = await openPanelDoor();
    browser = await openBrowser();
    here = await visit(browser);
    const { page } = here;
    await page.goto(`${door.url}/`);
    await page.getByLabel('Claim code').fill(await door.code());
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await page.getByRole('button', { name: 'Start using Hallway' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await door?.close();
  });

  it('draws what was measured, live, and says it in numbers and as a table', async () => {
    const { page } = here;
    const { figures } = door.house.commands;
    door.house.house.connect('juliet@example.test/phone');
    figures.sample();
    await page.goto(`${door.url}/figures`);
    const people = page.getByRole('region', { name: 'People and devices' });
    await people.getByText('1 now, 1 at most').first().waitFor();
    await page.locator('canvas').first().waitFor();
    assert.equal(await page.locator('canvas').count(), 8);
    // Only once the stream is open does the next sample come by it.
    await page.getByText('Live', { exact: true }).waitFor();
    door.house.house.connect('romeo@example.test/phone');
    await eventually(async () => {
      figures.sample();
      await people.getByText('2 now, 2 at most').first().waitFor({ timeout: 500 });
    });
    await people.getByText('As a table').click();
    await people.getByRole('columnheader', { name: 'Devices' }).waitFor();
    assert.ok((await people.getByRole('row').count()) > 1);
    await page.getByLabel('Span of time').selectOption('day');
    await page
      .getByRole('region', { name: 'People and devices' })
      .getByText(/ now, 2 at most/)
      .first()
      .waitFor();
  });

  it('makes a token for programs, shows it once, and takes it away', async () => {
    const { page } = here;
    await page.getByRole('button', { name: 'Make a token' }).click();
    await page.getByText('It is shown this once.').waitFor();
    assert.equal(door.house.commands.metrics.state().on, true);
    await page.getByRole('button', { name: 'Switch off' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
    await page.getByText('There is no token').waitFor();
    assert.equal(door.house.commands.metrics.state().on, false);
  });

  it('shows the log as it is written, by level and text; ATTACK: nothing in it is markup', async () => {
    const { page } = here;
    const { log } = door.house;
    log.warn({ nick: '<img src=x onerror=alert(1)>' }, 'a careful word');
    await page.goto(`${door.url}/log`);
    await page.getByText('a careful word nick="<img src=x onerror=alert(1)>"').waitFor();
    log.error({ password: 'canary' }, 'as it happens');
    await page.getByText('as it happens').waitFor();
    assert.doesNotMatch(await page.content(), /canary/);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Go on' }).click();
    log.error('once more');
    await page.getByText('once more').waitFor();
    await page.getByLabel('Show').selectOption('error');
    await page.getByText('a careful word').waitFor({ state: 'detached' });
    await page.getByLabel('Only entries with this text').fill('happens');
    await page.getByText('once more').waitFor({ state: 'detached' });
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    assert.match((await download).suggestedFilename(), /^hallway-.*\.log$/);
  });

  it('finds a setting, shows who changed it, and takes that back', async () => {
    const { page } = here;
    const { options } = door.house.commands;
    await options.set({ name: 'ada', door: 'cli' }, 'canteen.menu', 'full', 'example.test');
    await page.goto(`${door.url}/settings`);
    await page.getByLabel('Find a setting').fill('three COURSES');
    await page.getByRole('button', { name: 'Changes of' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('From the default to Three courses').waitFor();
    await dialog.getByText(/ada · Command line/).waitFor();
    await dialog.getByRole('button', { name: 'Take back' }).click();
    await dialog.getByText('From Three courses to the default').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(options.list().options.find(({ key }) => key === 'canteen.menu')?.value, 'soup');
    await page.getByLabel('Find a setting').fill('no such thing');
    await page.getByText('No setting has all these words.').waitFor();
  });

  it('finds entries of the log of deeds, takes them along, and sees that somebody has changed one', async () => {
    const { page } = here;
    await page.goto(`${door.url}/activity`);
    await page.getByLabel('Who', { exact: true }).fill('ada');
    await page.getByText('olga', { exact: true }).and(page.locator('td span')).first().waitFor({ state: 'detached' });
    await page.getByRole('cell', { name: /ada/ }).first().waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Take along (CSV)' }).click();
    assert.match((await download).suggestedFilename(), /^activity-.*\.csv$/);
    await page.getByLabel('To whom or what').fill('nothing like it');
    await page.getByText('No entry is like that.').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByRole('button', { name: 'Check the log' }).click();
    await page.getByText(/The log holds: \d+ entries are as they were written\./).waitFor();
    await page.getByLabel('A seal that you noted').fill('x');
    await page.getByRole('button', { name: 'Check the log' }).click();
    await page.getByText('A seal is a number').waitFor();
    await door.house.db.run(sql`UPDATE audit SET actor = 'eve' WHERE id = 2`);
    await page.getByLabel('A seal that you noted').fill('');
    await page.getByRole('button', { name: 'Check the log' }).click();
    await page.getByText('The log does not hold at entry 2.').waitFor();
  });

  it('broke no rule of its own content policy', () => {
    assert.deepEqual(here.complaints, []);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      it(`is accessible and fits: ${colorScheme}, ${width} pixels wide`, async () => {
        const { page, context } = await visit(browser, {
          colorScheme,
          viewport: { width, height: 860 },
          bypassCSP: true,
        });
        await context.addCookies(await here.context.cookies());
        for (const [path, ready] of [
          ['figures', 'canvas'],
          ['log', '#content ol li'],
          ['activity', '#content td'],
          ['settings', '#content section'],
        ] as const) {
          await page.goto(`${door.url}/${path}`);
          await page.locator(ready).first().waitFor();
          assert.deepEqual(await seriousFindings(page), []);
          assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, path);
          await picture(page, `figures-${path}-${colorScheme}-${width}`);
        }
        await context.close();
      });
    }
  }
});
