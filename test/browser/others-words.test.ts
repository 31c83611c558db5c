// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { createPanelDoor, type Door } from '../../server/http/door.ts';
import { claimed, selfSigned } from '../http/support.ts';
import { FakeLinks, link } from '../support/fake-federation.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import { enters, say } from '../support/rooms.ts';
import type { Scene } from '../support/scene.ts';
import { expired, kept, MONTAGUE } from './federation-facts.ts';
import { noBrowser, openBrowser, type Visit, visit } from './panel-kit.ts';

const MARKUP = `<img src=x onerror="document.title='owned'">`;
/** An override turns round what stands behind it: this would be read as `…exe.jpg`. */
const TURNED = `${MARKUP} \u202egpj.exe`;
const SHOWN = `${MARKUP} \ufffdgpj.exe`;
const inXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&apos;');
const GARDEN = 'garden@conference.example.test';

describe('words of others in a browser (SECURITY 63)', { skip: noBrowser, timeout: 120_000 }, () => {
  const links = new FakeLinks();
  let scene: Scene;
  let close: () => Promise<void>;
  let door: Door;
  let url: string;
  let browser: Browser;
  let here: Visit;

  const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
  const text = (words: string) => here.page.locator('#content').getByText(words).first();

  /** A page is there with these words on it, as words: no part of it is theirs, and nothing is turned round. */
  async function shows(path: string, ...words: readonly string[]): Promise<void> {
    const { page } = here;
    await page.goto(`${url}${path}`);
    for (const one of words) await text(one).waitFor();
    await harmless(path);
  }

  async function harmless(where: string): Promise<void> {
    const { page } = here;
    await page.waitForFunction("document.querySelector('#content .animate-pulse') === null");
    const [title, all] = (await page.evaluate(`[document.title, document.documentElement.outerHTML +
      [...document.querySelectorAll('input, textarea')].map((field) => field.value).join()]`)) as [string, string];
    assert.match(title, / · Hallway$/, where);
    assert.equal(await page.locator('img').count(), 0, where);
    assert.doesNotMatch(title + all, /[\u202a-\u202e]/, where);
  }

  before(async () => {
    ({ scene, close } = await openLastingScene({ links, listeners: [{ name: 's2s', address: '[::]:5269' }] }));
    const { commands, house, stores } = scene;
    await stores.domains.add('example.test');
    const { id } = await scene.account('juliet@example.test');
    await stores.profiles.setCard(
      id,
      { xml: '<vCard/>', audience: 'all' },
      { given: 'J', family: '', nick: TURNED, email: '' },
    );
    const now = Date.now();
    const device = stores.devices.idOf(id, 'a client');
    await stores.devices.change(id, device, () => ({
      id: device,
      ...{ software: `Pidgeon ${TURNED}`, name: `Phone ${TURNED}`, firstSeen: now, lastSeen: now, passwordAt: now },
      ...{ current: undefined, fresh: undefined },
    }));
    const juliet = await scene.comes(
      `juliet@example.test/phone ${MARKUP}`,
      `<presence><status>${inXml(`Away ${TURNED}`)}</status></presence>`,
    );
    const by = { name: 'test', door: 'house' } as const;
    await commands.rooms.create(by, 'example.test', {
      name: 'garden',
      owner: 'juliet',
      title: TURNED,
      description: 'Herbs',
    });
    await enters(juliet, inXml(`Juliet ${MARKUP}`));
    await juliet.sends(
      `<message to='${GARDEN}' type='groupchat'><subject>${inXml(`Roses ${TURNED}`)}</subject></message>`,
    );
    await juliet.sends(say(inXml(`Buds ${MARKUP}`)).replace('<body>', `<body>\u202e`));
    await juliet.all();
    const problem = { code: 'host-unknown', facts: { text: `Go ${TURNED}` } } as const;
    await stores.federationAttempts.add([kept(expired({ problem }))]);
    links.there.push(link(MONTAGUE, { direction: 'in', address: TURNED, cipher: TURNED }));
    links.answer = { ...expired(), problem };
    await stores.reports.add({
      ...{ time: now, account: id, reporter: 'juliet@example.test', subject: 'x@montague.example', reason: 'spam' },
      ...{ text: `Look ${TURNED}`, messages: [{ time: now, text: `Buy ${TURNED}` }] },
    });

    const panel = join(import.meta.dirname, '../../admin-ui/dist');
    door = await createPanelDoor({ commands, log: house.log, panel, tls: selfSigned() });
    const { port } = await door.listen({ host: '127.0.0.1', port: 0 });
    url = `https://localhost:${port}`;
    browser = await openBrowser();
    // Without the policy that would hold a script back: what counts here is that there is none.
    here = await visit(browser, { bypassCSP: true });
    const [name = '', value = ''] = (await claimed(scene)).split('=');
    await here.context.addCookies([{ name, value, url, secure: true, httpOnly: true, sameSite: 'Strict' }]);
  });
  after(async () => {
    await browser?.close();
    await door?.close();
    await close?.();
  });

  it('are words: nick, status, device, room, what another server says, a report', async () => {
    const { page } = here;
    await shows('/people/example.test/juliet', `“${SHOWN}”`, `Away ${SHOWN}`, `Phone ${SHOWN}`, `Pidgeon ${SHOWN}`);
    await text(`phone ${MARKUP}`).waitFor();
    await shows('/rooms', SHOWN);
    await shows('/rooms/example.test/garden', SHOWN, `Juliet ${MARKUP}`, `Roses ${SHOWN}`);
    await section(page, 'What was said').getByLabel('Why do you read it?').fill('A complaint');
    await page.getByRole('button', { name: 'Read what was said' }).click();
    await text(`\ufffdBuds ${MARKUP}`).waitFor();
    await harmless('what was said');
    await page.getByRole('button', { name: /^Take out/ }).click();
    await page.getByRole('dialog').waitFor();
    await harmless('the question');
    await shows('/federation', MONTAGUE);
    await shows(`/federation/${MONTAGUE}`, `Go ${MARKUP}`, SHOWN);
    await page.getByRole('button', { name: 'Try now' }).click();
    await section(page, 'How it is now').getByText(`Go ${MARKUP}`).waitFor();
    await harmless('the attempt');
    await shows('/reports', `Look ${SHOWN}`, `Buy ${SHOWN}`);
    await shows('/activity', 'garden');
    await shows('/', 'Overview');
    assert.deepEqual(here.complaints, []);
  });

  it('stay what they are when a form is saved in which they were shown', async () => {
    const { page } = here;
    const title = async () => (await scene.stores.rooms.get('conference.example.test', 'garden'))!.config.title;
    await page.goto(`${url}/rooms/example.test/garden`);
    const form = section(page, 'How the room is');
    assert.equal(await form.getByLabel('Title').inputValue(), SHOWN);
    for (const [field, words, stored] of [
      ['What it is for', 'Flowers', TURNED],
      ['Title', `${SHOWN}!`, `${MARKUP} gpj.exe!`],
    ] as const) {
      await form.getByLabel(field).fill(words);
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByText('Saved. Whoever is in the room is told.').last().waitFor();
      await page.getByRole('button', { name: 'Save', exact: true }).waitFor({ state: 'detached' });
      assert.equal(await title(), stored, field);
    }
  });
});
