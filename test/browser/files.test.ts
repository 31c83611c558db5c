// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { createPanelDoor, type Door } from '../../server/http/door.ts';
import { selfSigned } from '../http/support.ts';
import { FakeTransfers, putFile } from '../support/files.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import { makes } from '../support/rooms.ts';
import type { Scene } from '../support/scene.ts';
import { eventually, noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const NASTY = '<img src=x onerror="document.title=1">.png';
const ROOM = 'garden@conference.example.test';
const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const DAY = 24 * 60 * 60_000;

describe('files in a browser', { skip: noBrowser, timeout: 180_000 }, () => {
  const transfers = new FakeTransfers();
  let scene: Scene;
  let close: () => Promise<void>;
  let door: Door;
  let url: string;
  let browser: Browser;
  let here: Visit;
  let link: string;

  const put = (jid: string, name: string, more = {}) => putFile(scene.stores, jid, name, more);
  const audited = async () => {
    const [row] = await scene.stores.audit.page({ limit: 1 });
    return `${row?.actor} ${row?.action} ${row?.subject} ${JSON.stringify(row?.detail)}`;
  };
  const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
  const section = (page: Page, name: string | RegExp) => page.getByRole('region', { name, exact: true });
  const row = (page: Page, name: string) =>
    page.getByRole('list', { name: 'Files' }).getByRole('listitem').filter({ hasText: name });

  before(async () => {
    ({ scene, close } = await openLastingScene({ transfers }));
    const { commands, house, stores } = scene;
    await stores.domains.add('example.test');
    await scene.account(JULIET);
    await scene.account(ROMEO);
    await makes(await scene.comes(`${JULIET}/balcony`), 'Juliet');
    const panel = join(import.meta.dirname, '../../admin-ui/dist');
    door = await createPanelDoor({ commands, log: house.log, panel, tls: selfSigned() });
    const { port } = await door.listen({ host: '127.0.0.1', port: 0 });
    url = `https://localhost:${port}`;
    browser = await openBrowser();
    here = await visit(browser);
    const { page } = here;
    await page.goto(`${url}/`);
    await page.getByLabel('Claim code').fill((await commands.claim.freshCode({ name: 'test', door: 'house' })).code);
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await press(page, 'Start using Hallway');
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Files' }).click();
  });
  after(async () => {
    await browser?.close();
    await door?.close();
    await close?.();
  });

  it('says that there are none, what the limits are, and that nobody can open a file here', async () => {
    const { page } = here;
    await page.getByText('Nobody has uploaded anything.').waitFor();
    await page.getByText('What people send in their chat apps is listed here.').waitFor();
    await page.getByText('Nobody can open a file from here').waitFor();
    await page.getByText('Nothing is on its way.').waitFor();
    const space = section(page, 'Space');
    await space.getByText('250 MB').waitFor();
    assert.equal(await page.title(), 'Files · Hallway');
    await space.getByRole('link', { name: 'Settings' }).click();
    await section(page, 'Files').getByLabel('Largest file', { exact: true }).waitFor();
    await page.waitForFunction('scrollY > 300');
  });

  it('shows whose they are and where; what they are called is text', async () => {
    const { page } = here;
    link = await put(JULIET, NASTY, { bytes: 48_000_000, room: ROOM, createdAt: Date.now() - 40 * DAY });
    await put(JULIET, 'invoice\u202Efdp.exe', { bytes: 3_000_000, type: 'application/octet-stream' });
    await put(ROMEO, `${'long '.repeat(25)}${'x'.repeat(126)}.jpg`, { bytes: 2_000_000, type: 'image/jpeg' });
    await put(ROMEO, 'face.jpg', { bytes: 30_000, purpose: 'profile', createdAt: Date.now() - 400 * DAY });
    await page.goto(`${url}/files`);
    await section(page, 'Space').getByText('53 MB').first().waitFor();
    await row(page, NASTY).getByText('48 MB').last().waitFor();
    await row(page, 'invoice\ufffdfdp.exe').waitFor();
    assert.equal(await page.title(), 'Files · Hallway', 'no script ran');
    assert.equal(await page.locator('img').count(), 0);
    assert.ok(!(await page.content()).includes(link.split('/')[4]!));
    const order = page.getByLabel('Order');
    await order.selectOption('oldest');
    await page.getByRole('list', { name: 'Files' }).getByRole('listitem').first().getByText('face.jpg').waitFor();
    await section(page, 'By room').getByText(ROOM).click();
    await page.getByRole('heading', { name: `Files shown in ${ROOM}` }).waitFor();
    await row(page, 'invoice').waitFor({ state: 'detached' });
    await section(page, 'By person').getByText(ROMEO).click();
    await page.getByRole('heading', { name: `Files of ${ROMEO}` }).waitFor();
    await row(page, 'face.jpg').getByText('Profile picture').waitFor();
    await press(page, 'Show all files');
    await row(page, 'invoice').waitFor();
  });

  it('a person’s page and a room’s say what is theirs, and who is deleted takes it along', async () => {
    const { page } = here;
    await page.goto(`${url}/rooms/example.test/garden`);
    await page.getByRole('link', { name: '1 (48 MB)' }).waitFor();
    await page.goto(`${url}/people/example.test/juliet`);
    await page.getByRole('link', { name: '2 (51 MB)' }).waitFor();
    const dialog = page.getByRole('dialog');
    const says = async (sentence: string) => {
      await press(page, 'Delete');
      await dialog.getByText(sentence).waitFor();
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await dialog.waitFor({ state: 'detached' });
    };
    await says(
      'For 7 days it can be brought back; then its contacts, messages and 2 files (51 MB) are deleted for good.',
    );
    const by = { name: 'test', door: 'house' } as const;
    await scene.commands.options.set(by, 'accounts.grace', 0);
    await page.reload();
    await says('disappears with its contacts, messages and 2 files (51 MB). This cannot be undone.');
    await scene.commands.options.set(by, 'accounts.grace', undefined);
    await page.getByRole('link', { name: '2 (51 MB)' }).click();
    await page.getByRole('heading', { name: `Files of ${JULIET}` }).waitFor();
  });

  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const) {
    it(`is accessible and fits: ${colorScheme}, ${width} pixels wide`, async () => {
      transfers.transfers = [];
      transfers.add('one');
      transfers.add('two', { state: 'waiting', requester: undefined, target: undefined, sent: 0, addresses: ['::1'] });
      const viewport = { width, height: 860 };
      const { page, context } = await visit(browser, { colorScheme, viewport, bypassCSP: true });
      await context.addCookies(await here.context.cookies());
      const looks = async (name: string) => {
        assert.deepEqual(await seriousFindings(page), []);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
        await picture(page, `${name}-${colorScheme}-${width}`);
      };
      await page.goto(`${url}/files`);
      await row(page, NASTY).getByRole('checkbox').check();
      await page.getByLabel('Link from a chat').fill(link);
      await press(page, 'Find');
      await section(page, 'Find a file by its link').getByText(JULIET).waitFor();
      await page.getByText(`${JULIET}/balcony → ${ROMEO}/orchard`).waitFor();
      await looks('files');
      await press(page, 'Delete old files');
      await page.getByRole('dialog').getByLabel('From before').fill('2020-01-01');
      await page.getByText('From before this day there are no files.').waitFor();
      await looks('files-old');
      await page.goto(`${url}/people/example.test/juliet`);
      await page.getByRole('link', { name: '2 (51 MB)' }).waitFor();
      await looks('person-files');
      await page.goto(`${url}/settings#files`);
      await section(page, 'Files').getByLabel('Largest file', { exact: true }).waitFor();
      await looks('settings-files');
      await context.close();
    });
  }

  it('finds the file of a link, and deletes it', async () => {
    const { page } = here;
    await page.goto(`${url}/files`);
    const find = section(page, 'Find a file by its link');
    await find.getByLabel('Link from a chat').fill('https://example.test/');
    await press(page, 'Find');
    await find.getByText('This is not the link of a file').waitFor();
    await find.getByLabel('Link from a chat').fill(link);
    await press(page, 'Find');
    await find.getByRole('button', { name: /^Delete / }).click();
    await page.getByRole('dialog').getByText(`Delete “\u2068${NASTY}\u2069”?`).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row(page, NASTY).waitFor({ state: 'detached' });
    await eventually(async () =>
      assert.match(
        await audited(),
        /^olga file\.remove juliet@example\.test \{"files":1,"bytes":48000000,"names":"<img/,
      ),
    );
    await find.getByLabel('Link from a chat').fill(link);
    await press(page, 'Find');
    await find.getByText('There is no file behind this link').waitFor();
  });

  it('deletes one, several, all of a person, and what is old', async () => {
    const { page } = here;
    for (let i = 10; i < 40; i++) await put(ROMEO, `holiday-${i}.jpg`, { bytes: 1_000 * i });
    await put(JULIET, 'ancient.pdf', { createdAt: Date.now() - 900 * DAY, type: 'application/pdf' });
    await page.goto(`${url}/files?person=${ROMEO}`);
    await page.getByText('32 files (2.8 MB)').waitFor();
    await press(page, 'Next');
    await row(page, 'holiday-10').waitFor();
    await press(page, 'Previous');
    await press(page, 'Delete holiday-39.jpg');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await row(page, 'holiday-39').waitFor({ state: 'detached' });
    await page.getByLabel('Choose all on this page').check();
    await press(page, 'Delete 25 files');
    await dialog.getByText('Delete 25 files?').waitFor();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('6 files', { exact: false }).first().waitFor();
    await press(page, 'Delete all of them');
    await dialog.getByLabel(`Type ${ROMEO} to confirm`).fill(JULIET);
    await dialog.getByRole('button', { name: 'Delete all of them' }).click();
    await dialog.getByText(`That is not ${ROMEO}.`).waitFor();
    await dialog.getByLabel(`Type ${ROMEO} to confirm`).fill(ROMEO);
    await dialog.getByRole('button', { name: 'Delete all of them' }).click();
    await page.getByText('There is nothing here, or not any more.').waitFor();
    await eventually(async () =>
      assert.match(await audited(), /^olga file\.remove-all romeo@example\.test \{"files":6,/),
    );

    await press(page, 'Delete old files');
    await dialog.getByLabel('From before').fill('9999-01-01');
    await dialog.getByText('This day is still to come.').waitFor();
    const day = new Date(Date.now() - 500 * DAY).toISOString().slice(0, 10);
    await dialog.getByLabel('From before').fill(day);
    await dialog.getByText('From before this day there is one file (100 bytes).').waitFor();
    await dialog.getByLabel(`Type ${day} to confirm`).fill(day);
    await press(page, 'Delete them');
    await page.getByText('Deleted: one file (100 bytes).').last().waitFor();
    await eventually(async () => assert.match(await audited(), new RegExp(`^olga file\\.remove-all ${day} `)));
    await page.goto(`${url}/activity`);
    await page.getByRole('table').getByText('Deleted all files of, or from before,').first().waitFor();
  });

  it('breaks off what is on its way', async () => {
    const { page } = here;
    await page.goto(`${url}/files`);
    await press(page, /^Break off juliet/);
    await page.getByRole('dialog').getByRole('button', { name: 'Break off' }).click();
    await section(page, 'On their way now').getByText('balcony').waitFor({ state: 'detached' });
    await eventually(async () => assert.match(await audited(), /^olga transfer\.end juliet@example\.test\/balcony/));
  });

  it('says so when the disk is nearly full, and while it is switched off', async () => {
    const { page } = here;
    const by = { name: 'test', door: 'house' } as const;
    await scene.commands.options.set(by, 'files.reserve', 1_000_000);
    await scene.commands.options.set(by, 'files.on', false);
    await page.reload();
    await page.getByText('The disk is nearly full').waitFor();
    await page.getByText('Sharing files is switched off').waitFor();
    await row(page, 'invoice').waitFor();
    await scene.commands.options.set(by, 'files.reserve', 0);
    await scene.commands.options.set(by, 'files.total', 1);
    await put(ROMEO, 'all.zip', { bytes: 1_000_000_000 });
    await page.reload();
    await page.getByText('The space for files is used up').waitFor();
    await section(page, 'Space').getByText('Not for files').waitFor();
  });

  it('tells domains apart', async () => {
    const by = { name: 'test', door: 'house' } as const;
    await scene.stores.domains.add('other.test');
    scene.hosts.add('other.test');
    await scene.account('nurse@other.test');
    await put('nurse@other.test', 'تقرير.pdf', { type: 'application/pdf' });
    await scene.commands.options.set(by, 'files.total', 0);
    await scene.commands.options.set(by, 'files.on', true, 'example.test');
    await scene.commands.options.set(by, 'files.on', false, 'other.test');
    for (const width of [1280, 390]) {
      const { page, context } = await visit(browser, { viewport: { width, height: 860 }, bypassCSP: true });
      await context.addCookies(await here.context.cookies());
      await page.goto(`${url}/files`);
      await page.getByText('Sharing files is switched off in other.test:').waitFor();
      const people = section(page, 'By person');
      await people.getByText(ROMEO).waitFor();
      await people.getByLabel('Domain').selectOption('other.test');
      await people.getByText(ROMEO).waitFor({ state: 'detached' });
      await people.getByText('nurse@other.test').waitFor();
      await row(page, 'تقرير.pdf').waitFor();
      assert.deepEqual(await seriousFindings(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
      await picture(page, `files-domains-${width}`);
      await context.close();
    }
  });

  it('gave the browser nothing to complain about', () => {
    assert.deepEqual(here.complaints, []);
  });
});
