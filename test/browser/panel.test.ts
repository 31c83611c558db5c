import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page, Route } from 'playwright-core';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { chooseOfMine, noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const ADMIN = { name: 'olga', password: 'a long enough passphrase' };

async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

async function seen(page: Page, text: string): Promise<void> {
  await page.getByText(text, { exact: true }).first().waitFor();
}

async function signIn(page: Page, password: string): Promise<void> {
  await page.getByLabel('Name').fill(ADMIN.name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await press(page, 'Sign in');
}

async function choose(page: Page, person: string, item: string): Promise<void> {
  await press(page, `Actions for ${person}`);
  await page.getByRole('menuitem', { name: item }).click();
}

describe('the panel in a browser', { skip: noBrowser, timeout: 300_000 }, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;

  before(async () => {
    door = await openPanelDoor();
    browser = await openBrowser();
    here = await visit(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  });
  after(async () => {
    await browser?.close();
    await door?.close();
  });

  it('claims the house by the one-time code, whatever its case and dashes', async () => {
    const { page } = here;
    await page.goto(`${door.url}/`);
    await page.getByLabel('Claim code').fill('aaaa-bbbb-cccc');
    await page.getByLabel('Your name').fill(ADMIN.name);
    await page.getByLabel('Password', { exact: true }).fill(ADMIN.password);
    assert.equal(await page.getByLabel('Addresses end in').inputValue(), 'example.test');
    await press(page, 'Start using Hallway');
    await page.getByText('The code is not right').waitFor();
    await picture(page, 'claim');

    const code = (await door.code()).toLowerCase().replaceAll('-', ' ');
    await page.getByLabel('Claim code').fill(code);
    await press(page, 'Start using Hallway');
    await page.getByRole('heading', { name: 'Set up', exact: true }).waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Overview' }).click();
    await seen(page, 'Your house is ready. What comes next?');
    await seen(page, 'Live');
    assert.equal(await page.title(), 'Overview · Hallway');
    await picture(page, 'first-overview');
  });

  it('creates two people, one with a password made for them', async () => {
    const { page } = here;
    await page.getByRole('link', { name: 'Create a person' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Juliet Capulet');
    assert.equal(await page.getByLabel('Address', { exact: true }).inputValue(), 'juliet.capulet');
    await page.getByLabel('Address', { exact: true }).fill('juliet');
    await press(page, 'Create');
    await seen(page, 'A note to hand over');
    await press(page, 'Copy the password');
    await seen(page, 'Copied the password.');
    const password = (await page.evaluate('navigator.clipboard.readText()')) as string;
    assert.ok(password.length >= 12, password);
    await press(page, 'Done');

    await press(page, 'Create a person');
    await page.getByLabel('Name', { exact: true }).fill('Romeo');
    await page.getByText('Choose one myself').click();
    await page.getByLabel('Their password').fill('wherefore art thou');
    await page.getByLabel('Address', { exact: true }).fill('juliet');
    await press(page, 'Create');
    // The refusal of the server stands beside the field it is about.
    await page.locator('input[aria-invalid=true]').waitFor();
    await page.getByLabel('Address', { exact: true }).fill('romeo');
    await press(page, 'Create');
    await press(page, 'Done');
    await seen(page, '2 people');
    await picture(page, 'people');
  });

  it('shows who comes and goes as it happens, and ends a session', async () => {
    const { page } = here;
    const session = door.house.house.connect('juliet@example.test/phone/one');
    session.presence = { show: 'dnd', status: '<img src=x onerror="document.title=1">', priority: 5 };
    await page
      .getByRole('row', { name: /Juliet/ })
      .getByText('Online')
      .last()
      .waitFor();
    const { id } = (await door.house.stores.accounts.find('example.test', 'juliet'))!;
    const names = { given: '<b>Jule</b>', family: '', nick: '<img src=x onerror="document.title=2">', email: '' };
    await door.house.stores.profiles.setCard(id, { xml: '<vCard/>', audience: 'all' }, names);
    await page.getByRole('link', { name: 'Juliet Capulet' }).click();
    // What people write of themselves is text.
    await page.getByText('In chat: <b>Jule</b>, “<img src=x').waitFor();
    await page.getByText('Do not disturb: <img src=x').waitFor();
    assert.equal(await page.title(), 'Juliet Capulet · Hallway');
    await picture(page, 'person');

    await press(page, 'End the session phone/one');
    await press(page, 'End session');
    await seen(page, 'Not connected');
    assert.notEqual(session.ended, undefined);
  });

  it('finds, renames, disables and enables people', async () => {
    const { page } = here;
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'People' }).click();
    await page.getByLabel('Search people').fill('ROM');
    await seen(page, '1 person');
    await choose(page, 'Romeo', 'Rename');
    await page.getByLabel('Name', { exact: true }).fill('Romeo Montague');
    await press(page, 'Save');
    await choose(page, 'Romeo Montague', 'Disable');
    await press(page, 'Disable');
    await page.getByRole('row', { name: /Romeo/ }).getByText('Disabled').last().waitFor();
    assert.equal((await door.house.stores.accounts.find('example.test', 'romeo'))?.status, 'disabled');
    await choose(page, 'Romeo Montague', 'Enable');
    await page.getByRole('row', { name: /Romeo/ }).getByText('Offline').last().waitFor();
    await page.getByLabel('Search people').fill('nobody of this name');
    await seen(page, 'Nobody fits');
    await press(page, 'Show everybody');
    await seen(page, '2 people');
  });

  it('deletes a person, who can be brought back until then, and for good only when the address is typed', async () => {
    const { page } = here;
    await choose(page, 'Romeo Montague', 'Delete');
    await page.getByText(/For 7 days it can be brought back/).waitFor();
    await press(page, 'Delete');
    await page
      .getByText(/^Deleted on/)
      .filter({ visible: true })
      .waitFor();
    await page.getByLabel('Status', { exact: true }).selectOption('leaving');
    await choose(page, 'Romeo Montague', 'Delete for good now');
    await press(page, 'Delete for good');
    await seen(page, 'That is not romeo@example.test.');
    await page.getByLabel('Type romeo@example.test to confirm').fill('romeo@example.test');
    await press(page, 'Delete for good');
    await seen(page, 'Nobody fits');
    assert.equal(await door.house.stores.accounts.find('example.test', 'romeo'), undefined);
    await press(page, 'Show everybody');
    await seen(page, '1 person');
  });

  it('signs out and in again, and comes back to the page that was asked for', async () => {
    const { page } = here;
    await chooseOfMine(page, 'Sign out');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(`${door.url}/activity`);
    await signIn(page, 'not the passphrase');
    await seen(page, 'The name or the password is not right.');
    await signIn(page, ADMIN.password);
    await page.getByRole('heading', { name: 'Activity' }).waitFor();
    // The filter above the table has the same words.
    await page.getByRole('table').getByText('Claimed this house', { exact: true }).waitFor();
    await picture(page, 'activity');
  });

  it('lets a person administer from chat when that is confirmed, and shows it', async () => {
    const { page } = here;
    const { chatAdmins } = door.house.commands;
    await page.goto(`${door.url}/people/example.test/juliet`);
    await choose(page, 'Juliet Capulet', 'Let administer from chat');
    assert.deepEqual(await chatAdmins.list(), []);
    await press(page, 'Let administer');
    await seen(page, 'May administer from chat');
    assert.deepEqual(await chatAdmins.list(), ['juliet@example.test']);
    await choose(page, 'Juliet Capulet', 'No longer administer from chat');
    await page.getByText('May administer from chat', { exact: true }).waitFor({ state: 'detached' });
    assert.deepEqual(await chatAdmins.list(), []);
    await choose(page, 'Juliet Capulet', 'Let administer from chat');
    await press(page, 'Let administer');
    await seen(page, 'May administer from chat');
    await picture(page, 'person-chat-admin');
  });

  it('says whom to contact: a plain e-mail address is one, what is no address is told beside its field', async () => {
    const { page } = here;
    const { contacts } = door.house.commands;
    await page.getByRole('link', { name: 'Domains' }).click();
    await page.getByRole('link', { name: 'example.test' }).click();
    await press(page, 'Who to contact');
    await page.getByLabel('Administrators').fill('olga@example.test\nxmpp:olga@example.test');
    await page.getByText('For more purposes').click();
    await page.getByLabel('Status page').fill('ftp://example.test/');
    await page.getByText('For more purposes').click();
    await press(page, 'Save');
    // The one at fault is in sight, wherever it was.
    await page.getByText('“ftp://example.test/” is not an address').waitFor();
    assert.equal(await page.getByLabel('Status page').getAttribute('aria-invalid'), 'true');
    await picture(page, 'contacts-refused');
    await page.getByLabel('Status page').fill('https://example.test/up');
    await press(page, 'Save');
    await page.getByText('Saved.').first().waitFor();
    assert.deepEqual(contacts.of('example.test')['admin-addresses'], [
      'mailto:olga@example.test',
      'xmpp:olga@example.test',
    ]);
    await press(page, 'Who to contact');
    await page.locator('form[aria-busy=false]').waitFor();
    assert.equal(
      await page.getByLabel('Administrators').inputValue(),
      'mailto:olga@example.test\nxmpp:olga@example.test',
    );
    await page.getByLabel('Administrators').fill('');
    await press(page, 'Save');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.deepEqual(contacts.of('example.test')['admin-addresses'], []);
    assert.deepEqual(contacts.of('example.test')['status-addresses'], ['https://example.test/up']);
  });

  it('names the server as the server does, and warns of a certificate that ends', async () => {
    const { page } = here;
    await page.goto(`${door.url}/domains/example.test`);
    await page.getByText('0 5 5222 chat.example.test.').waitFor();
    await page.goto(`${door.url}/domains`);
    const end = async (days: number, source: string) => {
      const notAfter = Date.now() + days * 86_400_000;
      const one = { domain: 'example.test', chainPem: '', keyPem: '', notAfter, source, createdAt: 0 };
      await door.house.stores.certificates.set(one);
      // The figures are counted anew after half a second.
      const known = async () => (await door.house.commands.overview.figures()).certificates[0]?.notAfter;
      while ((await known()) !== notAfter) await page.waitForTimeout(50);
      await page.reload();
    };
    await end(15, 'internal');
    await page.getByText('renewed by itself, valid until').waitFor();
    await end(13, 'internal');
    await page.getByText('Hallway should have renewed it').waitFor();
    await end(-1, 'uploaded');
    await page.getByText('and chat apps refuse to connect. It came from elsewhere').waitFor();
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText('and chat apps refuse to connect').waitFor();
    await seen(page, 'chat.example.test');
    await end(3, 'uploaded');
    await page.getByText('put a new one in its place').waitFor();
  });

  it('adds a domain, says what would be lost with one that has people, and why the only one stays', async () => {
    const { page } = here;
    await page.getByRole('link', { name: 'Domains' }).click();
    await press(page, 'Add a domain');
    await page.getByLabel('Domain', { exact: true }).fill('not a domain');
    await press(page, 'Add');
    await page.getByText('A domain has no spaces.').waitFor();
    await page.locator('input[aria-invalid=true]').waitFor();
    await page.getByLabel('Domain', { exact: true }).fill('EXAMPLE.test');
    await press(page, 'Add');
    await page.getByText('The domain example.test is served already.').waitFor();
    await page.getByLabel('Domain', { exact: true }).fill('annex.example.test');
    await press(page, 'Add');
    await page.getByRole('heading', { name: 'annex.example.test' }).waitFor();
    await page.getByText('Nobody has an address in it.').waitFor();
    await page.goto(`${door.url}/domains/example.test`);
    await page.getByText('Deleted with it, for good: 1 person, with all their messages and files').waitFor();
    await press(page, 'Remove the domain');
    await press(page, 'Remove');
    await seen(page, 'That is not example.test.');
    await page.getByLabel('Type example.test to confirm').fill('annex.example.test');
    await press(page, 'Remove');
    await seen(page, 'That is not example.test.');
    await press(page, 'Cancel');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.ok(await door.house.stores.accounts.find('example.test', 'juliet'), 'nothing was done');
    await page.goto(`${door.url}/domains/annex.example.test`);
    await press(page, 'Remove the domain');
    await press(page, 'Remove');
    await seen(page, 'annex.example.test is no longer served.');
    await page.getByRole('link', { name: 'example.test' }).click();
    await page.getByText('It is the only one. Add another domain first.').waitFor();
    await picture(page, 'domain');
    await page.getByRole('link', { name: 'Domains' }).first().click();
    await page.getByRole('link', { name: 'example.test' }).waitFor();
    await picture(page, 'domains');
  });

  it('changes the own password and stays signed in when the old one was wrong', async () => {
    const { page } = here;
    await chooseOfMine(page, 'Your account');
    await page.getByLabel('Current password').fill('not the passphrase');
    await page.getByLabel('New password').fill('another fine passphrase');
    await press(page, 'Change password');
    await seen(page, 'The old password is not right.');
    await page.getByLabel('Current password').fill(ADMIN.password);
    await press(page, 'Change password');
    await page.getByText('Your password is changed.').first().waitFor();
  });

  it('shows what people report when they block somebody, as text, until it is dealt with', async () => {
    const { page } = here;
    const told = { time: Date.now(), account: 1, reporter: 'juliet@example.test', reason: 'urn:xmpp:reporting:spam' };
    const messages = [{ time: Date.now(), text: '<img src=x onerror=alert(1)>' }];
    for (const subject of ['paris@example.test', 'troll@elsewhere.test'])
      await door.house.stores.reports.add({ ...told, subject, text: 'Again and again', messages });
    await page.getByRole('link', { name: 'Reports' }).click();
    await seen(page, 'troll@elsewhere.test');
    await seen(page, '<img src=x onerror=alert(1)>');
    await press(page, 'Done with the report about troll@elsewhere.test');
    await page.getByText('troll@elsewhere.test').waitFor({ state: 'detached' });
    assert.equal(await door.house.stores.reports.count(), 1);
  });

  it('says so when the server is gone, and goes on when it is back', async () => {
    const { page } = here;
    await page.getByRole('link', { name: 'Overview' }).click();
    await seen(page, 'Live');
    await door.restart(() => page.getByText('Reconnecting', { exact: true }).waitFor());
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 20_000 });
  });

  it('loads itself anew when an upgrade has taken its pages away, and says so where that does not help', async () => {
    const { page, context } = await visit(browser);
    await page.goto(`${door.url}/sign-in`);
    await signIn(page, 'another fine passphrase');
    await seen(page, 'Live');
    await page.evaluate('window.before = true');
    const taken = async (route: Route) =>
      (await page.evaluate('window.before')) ? route.fulfill({ status: 404 }) : route.continue();
    await page.route('**/FiguresPage-*.js', taken);
    await page.getByRole('link', { name: 'Figures' }).click();
    await page.getByRole('heading', { name: 'Figures', exact: true }).waitFor();
    assert.equal(await page.evaluate('window.before'), undefined);
    await page.route('**/LogPage-*.js', (route) => route.fulfill({ status: 404 }));
    await page.getByRole('link', { name: 'Log', exact: true }).click();
    await seen(page, 'The page could not be loaded. Is the server away? Try once more.');
    await page.getByRole('heading', { name: 'Figures', exact: true }).waitFor();
    await context.close();
  });

  it('gave the browser nothing to complain about: no failing script, nothing that the content policy forbids', () => {
    assert.deepEqual(
      here.complaints.filter(
        (text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET/.test(text),
      ),
      [],
    );
  });

  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
  ] as const) {
    it(`is accessible and fits: ${colorScheme}, ${width} pixels wide`, async () => {
      const viewport = { width, height: 860 };
      const { page, context } = await visit(browser, { colorScheme, viewport, bypassCSP: true });
      const findings: string[] = [];
      const look = async (heading: string) => {
        await page.getByRole('heading', { name: heading, exact: true }).first().waitFor();
        findings.push(...(await seriousFindings(page)));
        const over = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
        if (over > 0) findings.push(`${page.url()} is ${over} pixels too wide`);
      };
      await page.goto(`${door.url}/sign-in`);
      await look('Sign in');
      await signIn(page, 'another fine passphrase');
      for (const [path, heading] of [
        ['', 'Overview'],
        ['people', 'People'],
        ['people/example.test/juliet', 'Juliet Capulet'],
        ['domains', 'Domains'],
        ['reports', 'Reports'],
        ['activity', 'Activity'],
        ['account', 'Your account'],
        ['reset', 'Set a new password'],
        ['no/such/page', 'There is nothing at this address'],
        ['people?new', 'Create a person'],
      ] as const) {
        if (path === '') await look(heading);
        else {
          await page.goto(`${door.url}/${path}`);
          await look(heading);
        }
        await picture(page, `${colorScheme}-${width}-${heading.toLowerCase().replaceAll(' ', '-')}`);
      }
      await page.goto(`${door.url}/domains/example.test`);
      await press(page, 'Who to contact');
      await page.getByLabel('Status page').waitFor();
      await look('Who to contact');
      await picture(page, `${colorScheme}-${width}-contacts`);
      await context.close();
      assert.deepEqual(findings, []);
    });
  }
});
