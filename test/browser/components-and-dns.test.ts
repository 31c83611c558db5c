// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { createPanelDoor, type Door } from '../../server/http/door.ts';
import { NameError, type Names, type SrvRecord } from '../../server/s2s/names.ts';
import { selfSigned } from '../http/support.ts';
import { componentComes } from '../support/component.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import type { Scene } from '../support/scene.ts';
import { eventually, noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const NASTY = '<img src=x onerror="document.title=1">';

/** A DNS in which a test writes. */
class Zone implements Names {
  readonly services = new Map<string, readonly SrvRecord[]>();
  readonly hosts = new Map<string, readonly string[]>();

  async srv(name: string) {
    const records = this.services.get(name);
    if (records === undefined) throw new NameError('no-name', name);
    return { records, more: 0 };
  }

  async addresses(host: string) {
    return this.published(host);
  }

  async published(host: string) {
    const found = this.hosts.get(host);
    if (found === undefined) throw new NameError('no-name', host);
    return found;
  }
}

describe('components and the DNS doctor in a browser', { skip: noBrowser, timeout: 180_000 }, () => {
  const zone = new Zone();
  let scene: Scene;
  let close: () => Promise<void>;
  let door: Door;
  let url: string;
  let browser: Browser;
  let here: Visit;
  let secret: string;

  const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
  const record = (page: Page, name: string) =>
    page.getByRole('list', { name: 'Records' }).getByRole('listitem').filter({ hasText: name });
  /** The last thing that was written down. The page may show what was done a moment before that is. */
  const audited = (expected: string) =>
    eventually(async () => {
      const [row] = await scene.stores.audit.page({ limit: 1 });
      assert.equal(`${row?.actor} ${row?.action} ${row?.subject}`, expected);
    });

  before(async () => {
    const listeners = ['c2s [::]:5222', 's2s [::]:5269', 'component 127.0.0.1:5347'].map((words) => {
      const [name = '', address = ''] = words.split(' ');
      return { name, address };
    });
    const dns = { names: zone, addresses: () => ['192.0.2.5'], federates: () => true };
    ({ scene, close } = await openLastingScene({ dns, listeners }));
    const { commands, house, stores } = scene;
    await stores.domains.add('example.test');
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
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Components' }).click();
  });
  after(async () => {
    await browser?.close();
    await door?.close();
    await close?.();
  });

  it('says what a component is, and refuses a name that cannot be at its field', async () => {
    const { page } = here;
    await page.getByText('No components yet').waitFor();
    await page.getByRole('button', { name: 'Add a component' }).first().click();
    const dialog = page.getByRole('dialog');
    await press(page, 'Add');
    await dialog.getByText('Enter the name that it shall have.').waitFor();
    await dialog.getByLabel('Name').fill(NASTY);
    await press(page, 'Add');
    await dialog.getByLabel('Name').and(page.locator('[aria-invalid=true]')).waitFor();
    await dialog.getByLabel('Name').fill('conference.example.test');
    await press(page, 'Add');
    await dialog.getByText('is a domain of this server itself').waitFor();
    assert.equal(await page.title(), 'Components · Hallway');
  });

  it('SECURITY 67: shows the secret once, with what biboumi needs, and never again', async () => {
    const { page } = here;
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('irc');
    await press(page, 'Add');
    await dialog.getByText('The secret is shown only now.').waitFor();
    const text = await dialog.getByText(/^hostname=/).innerText();
    secret = /^password=(.+)$/m.exec(text)![1]!;
    assert.equal(text, `hostname=irc.example.test\npassword=${secret}\nxmpp_server_ip=127.0.0.1\nport=5347`);
    assert.match(secret, /^[\w-]{32}$/);
    await page.keyboard.press('Escape');
    await dialog.getByText('The secret is shown only now.').waitFor();
    await press(page, 'Done');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Not connected.').waitFor();
    assert.ok(!(await page.content()).includes(secret));
    await audited('olga component.add irc.example.test');
  });

  it('shows that it has come, and takes it away', async () => {
    const { page } = here;
    const wire = await componentComes(scene, 'irc.example.test', secret);
    await page.getByText('Connected from 127.0.0.1').waitFor();
    await press(page, 'Remove irc.example.test');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('No components yet').waitFor();
    await audited('olga component.remove irc.example.test');
    wire.duplex.destroy();
  });

  it('shows which records of a domain are right, missing or different; what the DNS says is text', async () => {
    const { page } = here;
    zone.hosts.set('chat.example.test', ['192.0.2.5']);
    zone.services.set('_xmpp-client._tcp.example.test', [
      { target: 'chat.example.test', port: 5222, priority: 0, weight: 5 },
    ]);
    zone.services.set('_xmpp-server._tcp.example.test', [{ target: NASTY, port: 5269, priority: 0, weight: 0 }]);
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Domains' }).click();
    await page.getByRole('link', { name: 'example.test', exact: true }).click();
    await page.getByRole('link', { name: /See which are there/ }).click();
    await page.getByRole('heading', { name: 'DNS of example.test' }).waitFor();
    await record(page, '_xmpp-client._tcp.example.test').getByText('Right', { exact: true }).waitFor();
    const other = record(page, '_xmpp-server._tcp.example.test');
    await other.getByText('Different', { exact: true }).waitFor();
    await other.getByText(`5269 ${NASTY}`).waitFor();
    await record(page, 'conference.example.test').getByText('Missing', { exact: true }).waitFor();
    await page.getByText(/records? that (is|are) needed/).waitFor();
    assert.equal(await page.title(), 'DNS of example.test · Hallway');
    assert.equal(await page.locator('img').count(), 0);

    zone.services.set('_xmpp-server._tcp.example.test', [
      { target: 'chat.example.test', port: 5269, priority: 0, weight: 0 },
    ]);
    await press(page, 'Look again');
    await other.getByText('Right', { exact: true }).waitFor();
  });

  it('gives the text of each DNS server, to be copied', async () => {
    const { page, context } = here;
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const texts = {
      'BIND, and most others': /^; BIND[\s\S]*\n_xmpp-server\._tcp\.example\.test\. 3600 IN SRV /,
      Unbound: /^# Unbound[\s\S]*\nserver:\n {2}local-zone: "example\.test\." typetransparent\n/,
      dnsmasq: /^# dnsmasq[\s\S]*\nsrv-host=_xmpp-server\._tcp\.example\.test,/,
      'Windows DNS': /^# Windows DNS[\s\S]*\nAdd-DnsServerResourceRecord /,
    };
    for (const [name, expected] of Object.entries(texts)) {
      await page.getByRole('radio', { name, exact: true }).check();
      await press(page, 'Copy the records');
      assert.match(String(await page.evaluate('navigator.clipboard.readText()')), expected);
    }
  });

  it('says that a domain is not served', async () => {
    const { page } = here;
    await page.goto(`${url}/domains/nowhere.test/dns`);
    await page.getByRole('heading', { name: 'There is no such domain' }).waitFor();
    assert.deepEqual(here.complaints, []);
  });

  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const) {
    it(`is accessible and fits: ${colorScheme}, ${width} pixels wide`, async () => {
      zone.services.set('_xmpp-server._tcp.example.test', [{ target: NASTY, port: 5269, priority: 0, weight: 0 }]);
      const viewport = { width, height: 860 };
      const { page, context } = await visit(browser, { colorScheme, viewport, bypassCSP: true });
      await context.addCookies(await here.context.cookies());
      const looks = async (name: string) => {
        assert.deepEqual(await seriousFindings(page), []);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
        await picture(page, `${name}-${colorScheme}-${width}`);
      };
      await page.goto(`${url}/domains/example.test/dns`);
      await page.getByText('Different', { exact: true }).waitFor();
      await looks('dns');
      await page.goto(`${url}/components`);
      await page.getByRole('button', { name: 'Add a component' }).first().click(); // an empty list has one, too
      const name = `${'gateway-'.repeat(6)}${colorScheme}-${width}.example.test`;
      await page.getByRole('dialog').getByLabel('Name').fill(name);
      await press(page, 'Add');
      await page.getByText('The secret is shown only now.').waitFor();
      await looks('component-secret');
      await press(page, 'Done');
      await page.getByText(name).waitFor();
      await looks('components');
      await context.close();
    });
  }
});
