import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

describe('settings in a browser', { skip: noBrowser, timeout: 120_000 }, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;

  before(async () => {
    door = await openPanelDoor();
    browser = await openBrowser();
    here = await visit(browser);
  });
  after(async () => {
    await browser?.close();
    await door?.close();
  });

  const held = (key: string) =>
    door.house.commands.options.list('example.test').options.find((one) => one.key === key)!.value;
  const saved = (page: Page) => page.getByText('Saved. It holds from now on.').last().waitFor();

  async function field(page: Page, key: string) {
    const canteen = door.house.commands.options.list().options.filter(({ group }) => group === 'Canteen');
    const index = canteen.findIndex((one) => one.key === key);
    return page.locator('section[aria-label=Canteen] .divide-y > div').nth(index);
  }

  it('shows every setting with what it does, and keeps what is changed', async () => {
    const { page } = here;
    await page.goto(`${door.url}/`);
    await page.getByLabel('Claim code').fill(await door.code());
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await page.getByRole('button', { name: 'Start using Hallway' }).click();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('heading', { name: 'Canteen' }).waitFor();

    await (await field(page, 'canteen.open')).getByRole('checkbox').click();
    await saved(page);
    assert.equal(held('canteen.open'), false);

    await (await field(page, 'canteen.menu')).getByRole('combobox').selectOption({ label: 'Three courses' });
    assert.equal(held('canteen.menu'), 'soup', 'a choice holds when it is saved');
    await (await field(page, 'canteen.menu')).getByRole('button', { name: 'Save' }).click();
    await (await field(page, 'canteen.menu')).getByRole('button', { name: 'Back to the default' }).waitFor();
    assert.equal(held('canteen.menu'), 'full');
  });

  it('says at the field what is wrong, and changes nothing', async () => {
    const { page } = here;
    const seats = await field(page, 'canteen.seats');
    await seats.getByRole('textbox').fill('many');
    await seats.getByRole('button', { name: 'Save' }).click();
    await seats.getByText('A whole number from 1 to 99, please.').waitFor();
    await seats.getByRole('button', { name: 'Cancel' }).click();
    await seats.getByText('A whole number from 1 to 99, please.').waitFor({ state: 'detached' });
    const cooks = await field(page, 'canteen.cooks');
    await cooks.getByRole('textbox').fill('ann\nnobody');
    await cooks.getByRole('button', { name: 'Save' }).click();
    await cooks.getByText('Nobody cannot cook.').waitFor();
    assert.equal(held('canteen.seats'), 20);
    assert.deepEqual(held('canteen.cooks'), []);
    await picture(page, 'settings');
    await seats.getByRole('textbox').fill('7');
    await seats.getByRole('button', { name: 'Save' }).click();
    await seats.getByRole('button', { name: 'Back to the default' }).click();
    await page.getByText('Back to what the server comes with.').last().waitFor();
    assert.equal(held('canteen.seats'), 20);
  });

  it('asks before what was changed and not saved is lost by going elsewhere', async () => {
    const { page } = here;
    const seats = () => field(page, 'canteen.seats').then((one) => one.getByRole('textbox'));
    await (await seats()).fill('9');
    const main = page.getByRole('navigation', { name: 'Main' });
    await main.getByRole('link', { name: 'Doctor' }).click();
    const question = page.getByRole('dialog', { name: 'Leave without saving?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    assert.equal(await (await seats()).inputValue(), '9');
    assert.equal(new URL(page.url()).pathname, '/settings');
    await main.getByRole('link', { name: 'Doctor' }).click();
    await question.getByRole('button', { name: 'Leave' }).click();
    await page.waitForURL((url) => url.pathname === '/doctor');
    await main.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('heading', { name: 'Canteen' }).waitFor();
    assert.equal(await (await seats()).inputValue(), '20');
    await main.getByRole('link', { name: 'Doctor' }).click();
    await page.waitForURL((url) => url.pathname === '/doctor');
    await main.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('heading', { name: 'Canteen' }).waitFor();
  });

  it('SECURITY 67: a secret goes in and never comes out', async () => {
    const { page } = here;
    const key = await field(page, 'canteen.key');
    await key.locator('input').fill('canary-4711');
    await key.getByRole('button', { name: 'Save' }).click();
    await key.getByRole('button', { name: 'Back to the default' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Canteen' }).waitFor();
    assert.doesNotMatch(await page.content(), /canary/);
    assert.equal(await (await field(page, 'canteen.key')).locator('input').inputValue(), '');
  });

  it('says for which domain settings are where there are several, and which of them are for all', async () => {
    const { page } = here;
    await door.house.commands.domains.add({ name: 'test', door: 'house' }, 'second.test');
    await page.reload();
    await page.getByRole('heading', { name: 'Canteen for example.test' }).waitFor();
    await page.getByLabel('Settings of the domain').selectOption('second.test');
    await page.getByRole('heading', { name: 'Canteen for second.test' }).waitFor();
    assert.match((await (await field(page, 'canteen.key')).textContent()) ?? '', /For all domains\./);
    assert.doesNotMatch((await (await field(page, 'canteen.open')).textContent()) ?? '', /For all domains/);
  });

  it('broke no rule of its own content policy', () => {
    assert.deepEqual(here.complaints, []);
  });

  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 390],
  ] as const) {
    it(`is accessible and fits: ${colorScheme}, ${width} pixels wide`, async () => {
      const viewport = { width, height: 860 };
      const { page, context } = await visit(browser, { colorScheme, viewport, bypassCSP: true });
      await context.addCookies(await here.context.cookies());
      await page.goto(`${door.url}/settings`);
      await page.getByRole('heading', { name: 'Canteen' }).waitFor();
      assert.deepEqual(await seriousFindings(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
      await picture(page, `settings-${colorScheme}-${width}`);
      await context.close();
    });
  }
});
