import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
// Builds the panel and the chat when they are older than their sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import { roomIsMade } from '../interop/room-made.ts';
import { Appliance, HOSTNAME } from '../support/appliance.ts';
import { noSlixmpp, playScene } from '../support/slixmpp.ts';
import { noBrowser, openBrowser, picture, type Visit, visit } from './panel-kit.ts';

const PEOPLE = { juliet: 'wherefore art thou', romeo: 'but soft, what light' };

/** What a page asked for, elsewhere than of our server. */
function strangers(page: Page, home: string): string[] {
  const found: string[] = [];
  const look = (url: string) => {
    const { host, protocol } = new URL(url);
    if (host !== new URL(home).host && !/^(?:data|blob):$/.test(protocol)) found.push(url);
  };
  page.on('request', (request) => look(request.url()));
  page.on('websocket', (socket) => look(socket.url()));
  return found;
}

/** Of what the browser complained about, what breaks: Converse.js also logs how it fares (somebody has no keys, for one). */
function broken({ complaints }: Visit): string[] {
  return complaints.filter((one) =>
    /Content Security|violates|Refused|blocked|Uncaught|TypeError|ReferenceError/.test(one),
  );
}

async function logIn(page: Page): Promise<void> {
  await page.locator('input[name=jid]').fill('juliet');
  await page.locator('input[name=password]').fill(PEOPLE.juliet);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('I am online').waitFor();
}

async function chatWith(page: Page, jid: string): Promise<void> {
  await page.evaluate(`location.hash = '#converse/chat?jid=${jid}'`);
  await page.locator('textarea.chat-textarea').waitFor();
}

async function says(page: Page, text: string): Promise<void> {
  await page.locator('textarea.chat-textarea').fill(text);
  await page.locator('textarea.chat-textarea').press('Enter');
}

const seen = (page: Page, text: string) =>
  page.locator('converse-chat-message-body', { hasText: text }).first().waitFor();

describe('the chat in the browser', { skip: noBrowser || noSlixmpp, timeout: 150_000 }, () => {
  let appliance: Appliance;
  let browser: Browser;
  let here: Visit;
  let elsewhere: string[];

  before(async () => {
    appliance = await Appliance.start();
    for (const [name, password] of Object.entries(PEOPLE)) await appliance.addPerson(name, password);
    browser = await openBrowser();
    here = await visit(browser);
    here.page.setDefaultTimeout(30_000);
    elsewhere = strangers(here.page, appliance.panel);
  });
  after(async () => {
    await browser?.close();
    await appliance?.[Symbol.asyncDispose]();
  });

  it('chats with a client made with slixmpp, both ways, and goes on when the page is loaded again', async () => {
    const { page } = here;
    const desk = playScene(appliance, 'web_chat', PEOPLE);
    desk.catch(() => undefined);
    await page.goto(`${appliance.panel}/chat`);
    await page.getByText('@example.test').waitFor();
    await picture(page, 'chat-login');
    assert.equal(
      await page.getByRole('link', { name: 'Contact' }).count(),
      0,
      'nobody is sent to the makers of the chat',
    );
    await logIn(page);
    await chatWith(page, 'romeo@example.test');
    await says(page, 'Hello from the browser');
    await seen(page, 'Hello from the desk');
    await picture(page, 'chat');
    await page.reload();
    await page.getByText('I am online').waitFor();
    await seen(page, 'Hello from the browser');
    await seen(page, 'Hello from the desk');
    await says(page, 'Still here after the page was loaded again');
    const { from } = (await desk) as { from: string[] };
    assert.equal(from.length, 2);
    assert.equal(from[0], from[1], 'the session was taken up again under the same name');
    await picture(page, 'chat-again');
  });

  it('finds what was said in the archive, in a browser that has seen nothing of it', async () => {
    const other = await visit(browser);
    other.page.setDefaultTimeout(30_000);
    await other.page.goto(`${appliance.panel}/chat/`);
    await logIn(other.page);
    await chatWith(other.page, 'romeo@example.test');
    await seen(other.page, 'Hello from the desk');
    assert.deepEqual(broken(other), []);
    await other.context.close();
  });

  it('speaks BOSH where no WebSocket gets through (XEP-0124, with Strophe)', async () => {
    const other = await visit(browser);
    other.page.setDefaultTimeout(30_000);
    let sockets = 0;
    let requests = 0;
    other.page.on('websocket', () => sockets++);
    other.page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/http-bind') requests++;
    });
    await other.page.goto(`${appliance.panel}/chat/?bosh`);
    await logIn(other.page);
    await chatWith(other.page, 'romeo@example.test');
    await seen(other.page, 'Hello from the desk');
    await says(other.page, 'By BOSH');
    await seen(here.page, 'By BOSH'); // a copy (XEP-0280) at the other browser
    assert.equal(sockets, 0);
    assert.ok(requests > 5 && requests < 200, `${requests} requests`);
    assert.deepEqual(broken(other), []);
    await other.context.close();
  });

  it('is in rooms: enters those with autojoin in the bookmarks by itself, hears and is heard, shows what was said before', async () => {
    const desk = playScene(appliance, 'web_room', PEOPLE);
    desk.catch(() => undefined);
    const other = await visit(browser);
    const { page } = other;
    page.setDefaultTimeout(30_000);
    // The room is in Juliet's bookmarks as soon as the desk has made it.
    await roomIsMade(appliance, 'garden@conference.example.test', 'The garden');
    await page.goto(`${appliance.panel}/chat/`);
    await logIn(page);
    await page.getByText('The garden').first().click();
    await seen(page, 'Hello from before');
    await seen(page, 'Welcome, juliet');
    await says(page, 'Hello to the room');
    await seen(page, 'Heard: Hello to the room');
    await picture(page, 'chat-room');
    await desk;
    assert.deepEqual(broken(other), []);
    await other.context.close();
  });

  it('asks nobody but this server for anything, and breaks no rule of the content policy', () => {
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(broken(here), []);
  });

  it('is one step from where people sign in to the panel', async () => {
    const byNumber = appliance.panel.replace(HOSTNAME, '127.0.0.1');
    const admin = await visit(browser);
    await admin.page.goto(`${byNumber}/claim#${appliance.claimCode}`);
    await admin.page.getByLabel('Your name').fill('olga');
    await admin.page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await admin.page.getByRole('button', { name: 'Start using Hallway' }).click();
    await admin.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Overview' }).click();
    await admin.page.getByText('Live', { exact: true }).first().waitFor();
    // By its name, also for an administrator who opened the panel by an address that leads others nowhere.
    const named = `https://${HOSTNAME}:${new URL(byNumber).port}`;
    await admin.page.getByText(`in the browser at ${named}/chat`).waitFor();
    await admin.page.goto(`${byNumber}/people?new`);
    await admin.page.getByLabel('Name', { exact: true }).fill('Rosaline');
    await admin.page.getByRole('button', { name: 'Create', exact: true }).click();
    await admin.page.getByText(`Or chat in your browser: ${named}/chat`).waitFor();
    await admin.page.getByText(`install its certificate: ${named}/api/certificate-authority`).waitFor();
    await admin.context.close();
    const other = await visit(browser);
    await other.page.goto(appliance.panel);
    await other.page.getByRole('link', { name: 'Open the chat' }).waitFor();
    await picture(other.page, 'sign-in-with-chat');
    await other.page.getByRole('link', { name: 'Open the chat' }).click();
    await other.page.getByText('@example.test').waitFor();
    await other.context.close();
  });

  it('is one step from a new account, from an invitation that was accepted before, and from a new password', async () => {
    const told = async (...args: string[]) => {
      const { stdout, stderr, code } = await appliance.ctl([...args, '--json']);
      assert.equal(code, 0, stderr);
      return `${appliance.panel}${new URL((JSON.parse(stdout) as { url: string }).url).pathname}`;
    };
    const other = await visit(browser);
    const { page } = other;
    const chat = page.getByRole('link', { name: 'Chat in this browser' });
    const invitation = await told('invite', 'create', 'tybalt@example.test');
    await page.goto(invitation);
    await page.getByLabel('Password', { exact: true }).fill('prince of cats');
    await page.getByRole('button', { name: 'Create my account' }).click();
    await chat.waitFor();
    await page.goto(invitation);
    await page.getByRole('heading', { name: 'This invitation was used already' }).waitFor();
    await chat.waitFor();
    await page.goto(await told('user', 'reset-link', 'tybalt@example.test'));
    await page.getByLabel('New password', { exact: true }).fill('king of cats');
    await page.getByRole('button', { name: 'Set new password' }).click();
    await chat.click();
    await page.getByText('@example.test').waitFor();
    await other.context.close();
  });

  it('speaks German with a browser that does, and asks only this server for its words', async () => {
    const other = await visit(browser, { locale: 'de-DE' });
    other.page.setDefaultTimeout(30_000);
    const strange = strangers(other.page, appliance.panel);
    await other.page.goto(`${appliance.panel}/chat/`);
    await other.page.getByRole('button', { name: 'Anmelden' }).waitFor();
    await picture(other.page, 'chat-german');
    assert.equal(await other.page.evaluate('document.documentElement.lang'), 'de');
    assert.deepEqual([strange, broken(other)], [[], []]);
    await other.context.close();
  });

  it('is gone when it is switched off', async () => {
    const off = await appliance.ctl(['setting', 'set', 'web.chat', 'off', '--domain', 'example.test']);
    assert.equal(off.code, 0, off.stderr);
    for (const path of ['/chat', '/chat/', '/chat/settings.json', '/chat/converse.min.js']) {
      const answer = await here.context.request.get(appliance.panel + path, { maxRedirects: 0 });
      assert.equal(answer.status(), 404, path);
      if (path.startsWith('/chat/') === path.endsWith('/'))
        assert.match(await answer.text(), /^There is no chat in the browser here/);
    }
  });
});
