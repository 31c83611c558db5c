// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { createPanelDoor, type Door } from '../../server/http/door.ts';
import { selfSigned } from '../http/support.ts';
import { authority } from '../support/authority.ts';
import { FakeLinks, link } from '../support/fake-federation.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import type { Scene } from '../support/scene.ts';
import { CAPULET, connected, expired, kept, MONTAGUE, NASTY } from './federation-facts.ts';
import { eventually, noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const HOUR = 60 * 60_000;

describe('other servers in a browser', { skip: noBrowser, timeout: 240_000 }, () => {
  const links = new FakeLinks();
  let scene: Scene;
  let close: () => Promise<void>;
  let door: Door;
  let url: string;
  let browser: Browser;
  let here: Visit;

  const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
  const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
  const row = (page: Page, list: string, text: string) =>
    page.getByRole('list', { name: list, exact: true }).getByRole('listitem').filter({ hasText: text });
  /** The last things that were written down, the newest first. The page may show what was done a moment before that is. */
  const audited = (...expected: readonly string[]) =>
    eventually(async () => {
      const rows = await scene.stores.audit.page({ limit: expected.length });
      assert.deepEqual(
        rows.map(({ actor, action, subject }) => `${actor} ${action} ${subject}`),
        expected,
      );
    });
  const hold = (domain: string, from: string, kind: 'message' | 'presence' = 'message') =>
    scene.stores.federationHeld.add({
      domain,
      direction: 'in',
      sender: from,
      recipient: 'juliet@example.test',
      ours: 'juliet@example.test',
      kind,
      xml: `<${kind} from='${from}' to='juliet@example.test'${kind === 'presence' ? " type='subscribe'" : ''}><body>a secret word</body></${kind}>`,
      at: Date.now() - HOUR,
    });

  before(async () => {
    ({ scene, close } = await openLastingScene({ links, listeners: [{ name: 's2s', address: '[::]:5269' }] }));
    const { commands, house, stores } = scene;
    await stores.domains.add('example.test');
    await scene.account('juliet@example.test');
    await scene.account('romeo@example.test');
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
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Other servers' }).click();
  });
  after(async () => {
    await browser?.close();
    await door?.close();
    await close?.();
  });

  it('is closed at first, and says what that means', async () => {
    const { page } = here;
    const policy = section(page, 'Servers of which nothing was decided');
    assert.ok(await policy.getByRole('radio', { name: 'Nobody' }).isChecked());
    await policy.getByText('with the servers that you allow one by one').waitFor();
    await page.getByText('No other servers yet').waitFor();
    await page.getByText('This server talks with nobody outside.').waitFor();
    assert.equal(await page.title(), 'Other servers · Hallway');
  });

  it('asks from now on, once it is saved; what another administrator has changed meanwhile is not written over', async () => {
    const { page } = here;
    const policy = section(page, 'Servers of which nothing was decided');
    await policy.getByRole('radio', { name: 'Ask me' }).check();
    assert.equal(scene.book.policy.default, 'closed', 'nothing holds before it is saved');
    await policy.getByText('Advanced: what is asked of all servers').click();
    await policy.getByLabel('How a server shows who it is').selectOption('dialback');
    await scene.book.change((one) => ({ ...one, leastTls: 'TLSv1.3' }));
    await press(page, 'Save');
    await policy.getByText('Somebody else has changed the policy meanwhile.').waitFor();
    assert.equal(scene.book.policy.default, 'closed');
    await press(page, 'Cancel');
    await page.waitForFunction("[...document.querySelectorAll('select')].some((one) => one.value === 'TLSv1.3')");
    await policy.getByRole('radio', { name: 'Ask me' }).check();
    await policy.getByLabel('How a server shows who it is').selectOption('dialback');
    await press(page, 'Save');
    await section(page, 'Waiting for your decision').getByText('Nobody waits.').waitFor();
    const { default: word, proof, leastTls } = scene.book.policy;
    assert.deepEqual([word, proof, leastTls], ['ask', 'dialback', 'TLSv1.3']);
    await audited('olga federation.policy ask');
  });

  it('says who wrote to whom, and not what; allows one domain, denies another', async () => {
    const { page } = here;
    await hold(CAPULET, `${NASTY.replaceAll(/[^\w.]/g, '_')}@${CAPULET}`);
    await hold(CAPULET, `tybalt@${CAPULET}`, 'presence');
    await hold(MONTAGUE, `benvolio@${MONTAGUE}`);
    await page.reload();
    const inbox = section(page, 'Waiting for your decision');
    const one = row(page, 'Servers to decide about', CAPULET).first();
    await one.getByText('2 messages wait').waitFor();
    await inbox.getByText('wants to be a contact of').waitFor();
    assert.ok(!(await page.content()).includes('a secret word'));
    await press(page, `Allow ${CAPULET}`);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill(NASTY);
    await dialog.getByRole('button', { name: 'Allow' }).click();
    await page.getByText(`${CAPULET} is allowed. 2 messages that waited are on the way.`).last().waitFor();
    await press(page, `Deny ${MONTAGUE}`);
    assert.ok(await dialog.getByRole('radio', { name: 'Deny' }).isChecked());
    await dialog.getByRole('button', { name: 'Deny' }).click();
    await inbox.getByText('Nobody waits.').waitFor();
    await row(page, 'Rules', CAPULET).getByText(NASTY).waitFor();
    assert.equal(scene.book.judge(MONTAGUE).verdict, 'deny');
    await audited(`olga federation.deny ${MONTAGUE}`, `olga federation.allow ${CAPULET}`);
    assert.equal(await page.title(), 'Other servers · Hallway', 'no script ran');
  });

  it('adds a partner with all that can be said about one; what cannot be is told at its field', async () => {
    const { page } = here;
    await press(page, 'Add a partner');
    const dialog = page.getByRole('dialog');
    const add = () => dialog.getByRole('button', { name: 'Allow' }).click();
    await add();
    await dialog.getByText('Enter the domain of the other server.').waitFor();
    await dialog.getByLabel('Domain').fill(CAPULET);
    await add();
    await dialog.getByText('There is a rule for it already.').waitFor();
    await dialog.getByLabel('Domain').fill(NASTY);
    await add();
    await dialog.getByText('is no domain. Write').waitFor();
    await dialog.getByLabel('Domain').fill('*.Mantua.example');
    await dialog.getByLabel('Until').fill('2020-01-31');
    await add();
    await dialog.getByText('Choose a day that is not over.').waitFor();
    await dialog.getByLabel('Until').fill('2099-01-31');
    await dialog.getByText('Advanced', { exact: true }).click();
    await dialog.getByLabel('Address').fill('not an address');
    await add();
    await dialog.getByText('An address is a name and a port').waitFor();
    await dialog.getByLabel('Address').fill('[2001:db8::1]:5269');
    const pem = dialog.getByLabel('Certificate of their authority');
    await pem.fill('hello');
    await dialog.getByText('Paste 1 to 10 certificates').waitFor();
    await pem.fill('-----BEGIN PRIVATE KEY-----');
    await dialog.getByText('There is a private key in it.').waitFor();
    await pem.fill(authority(NASTY).pem);
    await dialog
      .getByRole('status', { name: 'What it says' })
      .getByText(/img src.*onerror/)
      .first()
      .waitFor();
    await add();
    await dialog.waitFor({ state: 'detached' });
    const rule = scene.book.policy.rules.find(({ pattern }) => pattern === '*.mantua.example')!;
    assert.equal(rule.address, '[2001:db8::1]:5269');
    assert.equal(new Date(rule.until!).toDateString(), 'Sun Feb 01 2099', 'the last day counts');
    assert.match(rule.authority!, /^-----BEGIN CERTIFICATE-----/);
    const made = row(page, 'Rules', '*.mantua.example');
    await made.getByText('until January 31, 2099, at [2001:db8::1]:5269, an authority of their own').waitFor();
    assert.equal(await page.title(), 'Other servers · Hallway', 'no script ran');

    await press(page, 'Actions for the rule for *.mantua.example');
    await page.getByRole('menuitem', { name: 'Change' }).click();
    await dialog.getByLabel('Until').fill('');
    await dialog.getByLabel('Address').fill('');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    const changed = scene.book.policy.rules.find(({ pattern }) => pattern === '*.mantua.example')!;
    assert.deepEqual([changed.until, changed.address, changed.authority], [undefined, undefined, rule.authority]);
    await press(page, 'Actions for the rule for *.mantua.example');
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await made.waitFor({ state: 'detached' });
    await audited('olga federation.forget *.mantua.example');
  });

  it('lets chosen people talk outside', async () => {
    const { page } = here;
    const outside = section(page, 'Who may talk outside');
    await outside.getByRole('radio', { name: 'Chosen people' }).check();
    await outside.getByText('Nobody is chosen').first().waitFor();
    await outside.getByRole('button', { name: 'Add people' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Search by name or address').fill('jul');
    await dialog.getByRole('button', { name: 'Add romeo@example.test' }).waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: 'Add juliet@example.test' }).click();
    await dialog.getByText('Added', { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await outside.getByRole('button', { name: 'Save' }).click();
    await outside.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
    assert.ok(scene.book.mayTalkOutside('juliet@example.test'));
    assert.ok(!scene.book.mayTalkOutside('romeo@example.test'));
    await press(page, 'Take juliet@example.test off the list');
    await outside.getByText('so nobody may talk outside').waitFor();
    assert.ok(!scene.book.mayTalkOutside('juliet@example.test'));
    await outside.getByRole('radio', { name: 'Everyone' }).check();
    await outside.getByRole('button', { name: 'Save' }).click();
    await outside.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
    assert.ok(scene.book.mayTalkOutside('romeo@example.test'));
  });

  it('lists servers with how it is, what happened last, and what waits', async () => {
    const { page } = here;
    await scene.stores.federationAttempts.add([
      kept(connected()),
      kept(expired(), { times: 12, at: Date.now() - 9 * HOUR }),
      kept(connected({ domain: CAPULET, direction: 'in', at: Date.now() - HOUR })),
      kept({ ...expired({ domain: 'verona.example', direction: 'in' }), srv: [], tries: [] }, { proven: false }),
    ]);
    links.there.push(link(CAPULET, { bidi: false, managed: true, unconfirmed: 2 }));
    links.waiting.push({ domain: MONTAGUE, local: 'example.test', waiting: 3, oldest: Date.now() - HOUR });
    await page.reload();
    await row(page, 'Servers', CAPULET).getByText('Connected', { exact: true }).waitFor();
    const other = row(page, 'Servers', MONTAGUE);
    await other.getByText('Trying to connect').waitFor();
    await other.getByText('3 messages wait').waitFor();
    await other.getByText('Denied').waitFor();
    await other.getByText('expired on').getByText(NASTY).waitFor();
    await other.getByText('1 connected, 12 failed in 30 days').waitFor();
    await row(page, 'Servers', 'verona.example').waitFor({ state: 'detached' });
    await page.getByLabel('Also those who only claimed a name').check();
    await row(page, 'Servers', 'verona.example').waitFor();
    await page.getByLabel('Search servers').fill('capu');
    await other.waitFor({ state: 'detached' });
    await page.getByLabel('Search servers').fill('');
    await other.getByRole('link').click();
    await page.getByRole('heading', { level: 1, name: MONTAGUE }).waitFor();
    assert.equal(await page.title(), `${MONTAGUE} · Hallway`);
  });

  it('explains one server: what happened, why, whose it is to mend, and every step of it', async () => {
    const { page } = here;
    const now = section(page, 'How it is now');
    await now.getByText(/^3 messages wait from example\.test/).waitFor();
    await now.getByText(`A rule denies ${MONTAGUE}.`).waitFor();
    const attempts = section(page, 'The last 30 days');
    const failed = attempts.getByRole('listitem').filter({ hasText: 'expired on' }).first();
    await failed.getByText('They have to renew it.').waitFor();
    await failed.getByText('Theirs to mend').waitFor();
    await failed.getByText(/12 times, first/).waitFor();
    await failed.getByText('Details').click();
    await failed.getByText(`_xmpp-server._tcp.${MONTAGUE}: chat.${MONTAGUE}:5269`).waitFor();
    await failed.getByText('[2001:db8::7]:5269').waitFor();
    await failed.getByText('cannot be reached').waitFor();
    await failed.getByText('TLS 1.2, ECDHE-RSA-AES256-GCM-SHA384').waitFor();
    await failed.getByText(`CN=${NASTY}`).first().waitFor();
    await failed
      .getByText(/^Expired on/)
      .first()
      .waitFor();
    await failed.getByText('servers, clients').waitFor();
    await attempts.getByLabel('Which attempts').selectOption('connected');
    await attempts.getByText('This server connected to theirs.').waitFor();
    await attempts.getByText('Details').click();
    await attempts.getByText('they know us by dialback only').waitFor();
    assert.equal(await page.title(), `${MONTAGUE} · Hallway`, 'no script ran');
    assert.equal(await page.locator('img').count(), 0);
  });

  it('tries now, and shows what comes of it; changes and removes the rule', async () => {
    const { page } = here;
    links.answer = {
      ...expired(),
      at: Date.now(),
      problem: { code: 'host-unknown', facts: { text: NASTY } },
    };
    await press(page, 'Try now');
    const now = section(page, 'How it is now');
    await now.getByText(`They say: “${NASTY}”`).waitFor();
    assert.deepEqual(links.tried, [`example.test ${MONTAGUE}`]);
    const decided = section(page, 'What was decided');
    await decided.getByText(`Denied by the rule for ${MONTAGUE} of olga`).waitFor();
    await press(page, 'Change the rule');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: 'Allow' }).check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await decided.getByText(`Allowed by the rule for ${MONTAGUE} of olga`).waitFor();
    await press(page, 'Remove the rule');
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await decided.getByText(`No rule speaks of ${MONTAGUE}`).waitFor();
    await press(page, 'Deny');
    await dialog.getByRole('button', { name: 'Deny' }).click();
    await decided.getByText('Denied', { exact: true }).waitFor();
    assert.equal(scene.book.judge(MONTAGUE).verdict, 'deny');
  });

  it('closes the connections of a server; says what is no server', async () => {
    const { page } = here;
    await page.goto(`${url}/federation/${CAPULET}`);
    const now = section(page, 'How it is now');
    await now.getByText('192.0.2.7, STARTTLS, TLS 1.3').waitFor();
    await now.getByText('3 sent, 4 received, 2 not confirmed yet').waitFor();
    await press(page, 'Close now');
    await page.getByRole('dialog').getByRole('button', { name: 'Close now' }).click();
    await now.getByText('There is no connection now.').waitFor();
    await audited(`olga federation.close ${CAPULET}`);
    await page.goto(`${url}/federation/${encodeURIComponent(NASTY)}`);
    await page.getByRole('heading', { name: 'There is no such server' }).waitFor();
    await page.goto(`${url}/federation/example.test`);
    await page.getByText('example.test is a domain of this server itself.').waitFor();
    assert.deepEqual(here.complaints, []);
  });

  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const) {
    it(`is accessible and fits: ${colorScheme}, ${width} pixels wide`, async () => {
      const long = `${'w'.repeat(60)}.${'x'.repeat(60)}.example`;
      await hold(long, `${'mercutio'.repeat(12)}@${long}`);
      links.there.splice(0, links.there.length, link(CAPULET));
      const viewport = { width, height: 860 };
      const { page, context } = await visit(browser, { colorScheme, viewport, bypassCSP: true });
      await context.addCookies(await here.context.cookies());
      const looks = async (name: string) => {
        assert.deepEqual(await seriousFindings(page), []);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
        await picture(page, `${name}-${colorScheme}-${width}`);
      };
      await page.goto(`${url}/federation`);
      await row(page, 'Servers', MONTAGUE).waitFor();
      await row(page, 'Servers to decide about', long).first().waitFor();
      await page.getByText('Advanced: what is asked of all servers').click();
      await page.getByRole('radio', { name: 'Chosen people' }).check();
      await looks('federation');
      const odd = (colorScheme === 'light') === (width === 390);
      if (!odd) {
        await press(page, 'Add a partner');
        await page.getByRole('dialog').getByText('Advanced', { exact: true }).click();
        await page.getByLabel('Certificate of their authority').fill(authority(NASTY).pem);
        await page.getByRole('status', { name: 'What it says' }).waitFor();
        await looks('federation-partner');
      }
      await page.goto(`${url}/federation/${MONTAGUE}`);
      await section(page, 'The last 30 days').getByText('Details').first().click();
      await press(page, 'Try now');
      await page.getByText('They say:').first().waitFor();
      await looks('federation-server');
      if (odd) {
        await page.goto(`${url}/federation/${CAPULET}`);
        await page.getByRole('list', { name: 'Connections now' }).waitFor();
        await looks('federation-connected');
      }
      await context.close();
    });
  }
});
