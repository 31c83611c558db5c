import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const BY = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, bypassCSP: true } as const;

async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

describe('joining in a browser', { skip: noBrowser, timeout: 180_000 }, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;
  let phone: Visit;

  before(async () => {
    door = await openPanelDoor();
    browser = await openBrowser();
    here = await visit(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
    phone = await visit(browser, { ...PHONE, colorScheme: 'dark' });
    await door.house.commands.accounts.create(BY, DOMAIN, {
      local: 'romeo',
      name: 'Romeo Montague',
      password: 'a secret of mine',
    });
  });
  after(async () => {
    await browser?.close();
    await door?.close();
  });

  const addressOf = (url: string): string => `${door.url}${new URL(url).pathname}`;
  const invites = async (wish: Parameters<typeof door.house.commands.invitations.create>[2] = {}) =>
    door.house.commands.invitations.create(BY, DOMAIN, wish);

  it('an invitation says who invites, where to, and which app to take; the link opens in one', async () => {
    const { url, uri } = await invites({ contact: `romeo@${DOMAIN}` });
    const { page } = here;
    await page.goto(addressOf(url));
    await page.getByRole('heading', { name: `Romeo Montague invites you to chat at ${DOMAIN}` }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'Open in my chat app' }).getAttribute('href'), uri);
    await page.getByRole('img', { name: 'The invitation as a QR code' }).waitFor();
    for (const name of ['Conversations', 'Siskin', 'Gajim', 'Dino', 'Beagle']) {
      await page.getByRole('link', { name, exact: true }).first().waitFor();
    }
    await picture(page, 'invite');
    await phone.page.goto(addressOf(url));
    await phone.page.getByRole('heading', { name: /Romeo Montague invites/ }).waitFor();
    await picture(phone.page, 'invite-phone-dark');
    assert.deepEqual(await seriousFindings(phone.page), []);
    const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    assert.equal(await phone.page.evaluate(wide), 0, 'nothing sticks out at 390 px');
  });

  it('name and password are chosen by keyboard alone, what is wrong is said, and then what to type into an app', async () => {
    const { url } = await invites();
    const { page } = here;
    await page.goto(addressOf(url));
    await page.getByLabel('Your address').focus();
    await page.keyboard.type('romeo');
    await page.getByLabel('Your full name').focus();
    await page.keyboard.type('Juliet Capulet');
    await page.getByLabel('Password', { exact: true }).focus();
    await page.keyboard.type('wherefore');
    await page.keyboard.press('Enter');
    await page.getByText(`There is already somebody with the address romeo@${DOMAIN}.`).waitFor();
    await page.getByLabel('Your address').fill('juliet');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Your account is ready' }).waitFor();
    await page.getByText(`juliet@${DOMAIN}`, { exact: true }).waitFor();
    await page.getByText('5222 (STARTTLS)').waitFor();
    await picture(page, 'invite-done');
    const { account } = await door.house.commands.accounts.get(DOMAIN, 'juliet');
    assert.equal(account.name, 'Juliet Capulet');
    await page.goto(addressOf(url));
    await page.getByRole('heading', { name: 'This invitation was used already' }).waitFor();
    await page.getByText('If that was you, your account is ready.').waitFor();
    await page.getByText('5222 (STARTTLS)').waitFor();
    await page.getByRole('link', { name: 'Gajim', exact: true }).first().waitFor();
    assert.equal(await page.getByRole('button', { name: 'Create my account' }).count(), 0);
  });

  it('an invitation for one name asks for a password only', async () => {
    const { url } = await invites({ local: 'mercutio', name: 'Mercutio' });
    const { page } = phone;
    await page.goto(addressOf(url));
    await page.getByText(`mercutio@${DOMAIN}`, { exact: true }).waitFor();
    await page.getByText('Hello Mercutio,').waitFor();
    await page.getByText('It is from whoever looks after the chat there.').waitFor();
    assert.equal(await page.getByLabel('Your full name').count(), 0);
    await page.getByLabel('Password', { exact: true }).fill('a plague on both');
    await press(page, 'Create my account');
    await page.getByRole('heading', { name: 'Your account is ready' }).waitFor();
    await picture(page, 'invite-done-phone');
    assert.deepEqual(await seriousFindings(page), []);
  });

  it('what is unknown, taken back or expired says so', async () => {
    const { page } = here;
    await page.goto(`${door.url}/invite/${'x'.repeat(28)}`);
    await page.getByRole('heading', { name: 'This invitation is not known' }).waitFor();
    await picture(page, 'invite-unknown');
    await page.goto(`${door.url}/reset/${'x'.repeat(28)}`);
    await page.getByRole('heading', { name: 'This link is not known' }).waitFor();
    const { url, invitation } = await invites();
    await door.house.commands.invitations.revoke(BY, invitation.id);
    await page.goto(addressOf(url));
    await page.getByRole('heading', { name: 'This invitation is not known' }).waitFor();
    await page.goto(`${door.url}/invite/${'x'.repeat(300)}`);
    await page.getByRole('heading', { name: 'This invitation is not known' }).waitFor();
  });

  it('a link to reset a password sets it once', async () => {
    const { url } = await door.house.commands.resetLinks.create(BY, DOMAIN, 'romeo');
    const { page } = phone;
    await page.goto(addressOf(url));
    await page.getByText(`romeo@${DOMAIN}`, { exact: true }).waitFor();
    await picture(page, 'reset-phone-dark');
    assert.deepEqual(await seriousFindings(page), []);
    await page.getByLabel('New password', { exact: true }).fill('but soft');
    await press(page, 'Set new password');
    await page.getByRole('heading', { name: 'Your new password is set' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'This link is not known' }).waitFor();
  });

  it('administrators make a link, find it in the list and take it back', async () => {
    const { page } = here;
    await page.goto(`${door.url}/claim#${await door.code()}`);
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await press(page, 'Start using Hallway');
    await page.getByRole('link', { name: 'Invitations' }).first().click();
    await press(page, 'Invite somebody');
    await page.getByLabel('Name', { exact: true }).fill('Benvolio');
    await picture(page, 'invitation-new');
    await press(page, 'Make the link');
    await page.getByRole('img', { name: 'The link as a QR code' }).waitFor();
    await press(page, 'Copy the link');
    const link = (await page.evaluate('navigator.clipboard.readText()')) as string;
    assert.match(link, /\/invite\/[a-z0-9]{28}$/);
    await picture(page, 'invitation-made');
    await press(page, 'Done');
    await page.getByText('Benvolio', { exact: true }).waitFor();
    await picture(page, 'invitations');
    await phone.page.context().addCookies(await page.context().cookies());
    await phone.page.goto(`${door.url}/invitations`);
    await phone.page.getByText('Benvolio', { exact: true }).waitFor();
    await picture(phone.page, 'invitations-phone-dark');
    assert.deepEqual(await seriousFindings(phone.page), []);
    await press(page, 'Actions for the invitation of Benvolio');
    await page.getByRole('menuitem', { name: 'Take back' }).click();
    await press(page, 'Take back');
    await page.getByText('The invitation is taken back.', { exact: true }).waitFor();
    await phone.page.goto(addressOf(link));
    await phone.page.getByRole('heading', { name: 'This invitation is not known' }).waitFor();
  });

  it('many get a link each: what is wrong stands at the field, and they are saved as a table or printed as slips', async () => {
    const { page } = here;
    await page.goto(`${door.url}/invitations`);
    await press(page, 'Invite somebody');
    await page.getByLabel('Several people, a link for each').check();
    const dialog = page.getByRole('dialog');
    const field = dialog.getByLabel('Whom');
    const make = () => dialog.getByRole('button', { name: 'Make the links' }).click();
    await make();
    await dialog.getByText('From 1 to 200 people at a time, please.').waitFor();
    await field.fill(
      'Count Paris <img src=x onerror="document.title=1">, paris@example.test\nRomeo, romeo@example.test',
    );
    await make();
    await dialog.getByText('“Romeo, romeo@example.test” cannot be invited. There is already').waitFor();
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    await picture(page, 'invite-many-wrong');
    await field.fill('Count Paris, paris@example.test\nBenvolio\n\n=Tybalt');
    await make();
    await dialog.getByRole('heading', { name: '3 invitations are ready' }).waitFor();
    await picture(page, 'invite-many');
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Save as a table')]);
    const saved = await readFile(await download.path(), 'utf8');
    assert.match(
      saved,
      /^\ufeffaddress,name,link\r\nparis@example\.test,Count Paris,https:\S+\r\n,Benvolio,https:\S+\r\n,"'=Tybalt",https:/,
    );
    await page.evaluate('window.print = () => {}');
    await press(page, 'Print slips');
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('.print-sheet svg').count(), 3);
    assert.ok(await page.locator('.print-sheet').isVisible());
    assert.equal(await dialog.isVisible(), false, 'nothing beside the slips is printed');
    await picture(page, 'invite-slips');
    await page.emulateMedia({ media: 'screen' });
    assert.equal(await page.locator('.print-sheet').isVisible(), false);
    await press(page, 'Done');
    await page.getByText('Count Paris (paris)').waitFor();
    assert.equal(await page.locator('.print-sheet').count(), 0);
  });

  it('a person’s menu makes a link for them to choose a password, and a new person’s note says server and port', async () => {
    const { page } = here;
    await page.goto(`${door.url}/people/${DOMAIN}/juliet`);
    await press(page, 'Actions for Juliet Capulet');
    await page.getByRole('menuitem', { name: 'Let them choose a password' }).click();
    await press(page, 'Make the link');
    await page.getByText(/\/reset\/[a-z0-9]{28}$/).waitFor();
    await picture(page, 'reset-link');
    await press(page, 'Done');
    await page.goto(`${door.url}/people?new`);
    await page.getByLabel('Name', { exact: true }).fill('Rosaline');
    await press(page, 'Create');
    await page.getByText('Port, if your app asks: 5222 (STARTTLS)').waitFor();
    await page.getByText('Server, if your app asks: chat.example.test').waitFor();
    await picture(page, 'hand-over');
  });

  it('none of it made the browser complain', () => {
    assert.deepEqual([...here.complaints, ...phone.complaints], []);
  });
});
