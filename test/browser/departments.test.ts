import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { eventually, everyFinding, noBrowser, openBrowser, picture, type Visit, visit } from './panel-kit.ts';

const DOMAIN = 'example.test';
/** As hostile as a name may be: markup, and what has a meaning in the sentences of the panel. */
const NASTY = '<img src=x onerror="document.title=1"> {n}|@:x-Abteilung';
const PEOPLE = { juliet: 'Juliet Capulet', romeo: 'Romeo Montague', paris: NASTY } as const;

const dialogOf = (page: Page) => page.getByRole('dialog');
const region = (page: Page, name: string | RegExp) => page.getByRole('region', { name, exact: true });

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

/** Chooses the one of a select that reads so. */
async function choose(page: Page, label: string, choice: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).selectOption({ label: choice });
}

/** The matrix as it is read: who has whom. */
async function matrix(page: Page): Promise<Record<string, string[]>> {
  const table = region(page, 'Who has whom in the contact list').getByRole('table');
  const names = await table.getByRole('columnheader').allInnerTexts();
  const rows: Record<string, string[]> = {};
  for (const row of await table.locator('tbody tr').all()) {
    const cells = await row.getByRole('cell').allInnerTexts();
    const has = names.filter((_, at) => cells[at]?.trim() === 'has them');
    rows[await row.getByRole('rowheader').innerText()] = has;
  }
  return rows;
}

describe('departments in the panel', { skip: noBrowser, timeout: 300_000 }, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;
  const ids: Record<string, number> = {};
  const stored = () => door.house.stores.departments.list(DOMAIN);
  const named = (name: string) => stored().find((one) => one.name === name);

  before(async () => {
    door = await openPanelDoor();
    browser = await openBrowser();
    here = await visit(browser, { bypassCSP: true });
    const { page } = here;
    for (const [local, name] of Object.entries(PEOPLE))
      await door.house.stores.accounts.create({ domain: DOMAIN, local, name, credentials: [] });
    await page.goto(`${door.url}/claim#${await door.code()}`);
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await press(page, 'Start using Hallway');
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await door?.close();
  });

  async function open(name: string): Promise<void> {
    await here.page.goto(`${door.url}/departments/${ids[name]}`);
    await here.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  }

  it('are made, with the rooms that come with them, and what cannot be is said at its field', async () => {
    const { page } = here;
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Departments' }).click();
    await page.getByText('There are no departments').waitFor();
    await picture(page, 'departments-none');
    await press(page, 'Add department');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Name').fill('  ');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await dialog.getByText('What is it called?').waitFor();
    await dialog.getByLabel('Name').fill('Sales');
    await dialog.getByLabel('Description').fill('Who sells.');
    await dialog.getByLabel('Rooms').fill('sales\nBig Room');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await dialog.getByText('“Big Room” cannot be the name of a room: small letters and digits, no spaces.').waitFor();
    await picture(page, 'department-add');
    await dialog.getByLabel('Rooms').fill('sales\n\nlobby ');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Sales' }).waitFor();
    await page.getByText('Who sells.').waitFor();
    const rooms = region(page, 'Rooms').getByRole('link');
    assert.deepEqual(await rooms.allInnerTexts(), ['lobby', 'sales']);
    assert.equal(await rooms.last().getAttribute('href'), `/rooms/${DOMAIN}/sales`);

    for (const name of [NASTY, 'Stock']) {
      await page.goto(`${door.url}/departments`);
      await press(page, 'Add department');
      await dialog.getByLabel('Name').fill('sales');
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await dialog.getByText('There is a department “sales” already.').waitFor();
      await dialog.getByLabel('Name').fill(name);
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
    }
    for (const { id, name } of stored()) ids[name] = id;
    assert.deepEqual(Object.keys(ids).sort(), [NASTY, 'Sales', 'Stock']);
    await page.goto(`${door.url}/departments/999`);
    await page.getByText('There is no such department').waitFor();
  });

  it('are given people, who are found by name, and taken out again', async () => {
    const { page } = here;
    door.house.house.connect(`juliet@${DOMAIN}/phone`);
    await open('Sales');
    await page.getByText('Nobody is in it yet.').waitFor();
    await press(page, 'Add people');
    const dialog = dialogOf(page);
    for (const local of ['juliet', 'romeo', 'paris']) {
      await dialog.getByLabel('Search by name or address').fill(local);
      await dialog.getByRole('button', { name: `Add ${local}@${DOMAIN}` }).click();
      const row = dialog.getByRole('listitem').filter({ hasText: `${local}@${DOMAIN}` });
      await row.getByText('Added', { exact: true }).waitFor();
    }
    assert.equal(await dialog.getByText(NASTY).count(), 1, 'a name stays text');
    await picture(page, 'department-add-people');
    await dialog.getByLabel('Search by name or address').fill('zz');
    await dialog.getByText('Nobody of example.test fits.').waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await press(page, 'Add people');
    await dialog.getByText('In it already').nth(2).waitFor();
    assert.equal(await dialog.getByRole('button', { name: /^Add / }).count(), 0, 'nobody is offered twice');
    await dialog.getByRole('button', { name: 'Done' }).click();
    const people = region(page, '3 people');
    await people.getByText(NASTY).waitFor();
    await people.getByLabel('Search by name or address').fill('montague');
    await people.getByText('Juliet Capulet').waitFor({ state: 'detached' });
    assert.equal(await people.getByRole('listitem').count(), 1);
    await people.getByLabel('Search by name or address').fill('');
    await people.getByRole('button', { name: `Take romeo@${DOMAIN} out` }).click();
    await region(page, '2 people').waitFor();
    await page.getByText(`romeo@${DOMAIN} is not in Sales any more.`, { exact: true }).waitFor();
    const members = [...door.house.stores.departments.members(DOMAIN, ids.Sales!)];
    assert.deepEqual(members.sort(), ['juliet', 'paris']);
    await page.goto(`${door.url}/departments`);
    await page.getByText('2 people, 1 online').waitFor();
  });

  it('say who has whom as sentences, which the matrix shows at a glance', async () => {
    const { page } = here;
    await page.goto(`${door.url}/departments`);
    await region(page, 'Who has whom in the contact list').waitFor();
    assert.deepEqual(await matrix(page), { Sales: ['Sales'], [NASTY]: [NASTY], Stock: ['Stock'] }, 'as usual');
    await open('Sales');
    const list = page.getByRole('list', { name: 'Who has whom in the contact list' });
    await list.waitFor();
    const sentences = await list.getByLabel('Sales and Stock', { exact: true }).getByRole('option').allInnerTexts();
    assert.deepEqual(sentences, [
      'As usual: Neither has the other',
      'Sales and Stock have each other',
      'Only Sales has Stock',
      'Only Stock has Sales',
      'Neither has the other',
    ]);
    await choose(page, 'Sales and Stock', 'Only Stock has Sales');
    await page.getByText('Saved. Contact lists change now.', { exact: true }).first().waitFor();
    await choose(page, `Sales and ${NASTY}`, `Sales and ${NASTY} have each other`);
    await choose(page, 'Among themselves', 'They do not have each other');
    await eventually(async () => assert.equal(door.house.stores.departments.map(DOMAIN).sights.size, 5));
    await page.goto(`${door.url}/departments`);
    await region(page, 'Who has whom in the contact list').waitFor();
    assert.deepEqual(await matrix(page), { Sales: [NASTY], [NASTY]: ['Sales', NASTY], Stock: ['Sales', 'Stock'] });

    // The other side of it reads the other way round.
    await open('Stock');
    assert.equal(await page.getByLabel('Stock and Sales', { exact: true }).inputValue(), 'sees');
    await choose(page, 'Stock and Sales', 'As usual: Neither has the other');
    await page.getByText('Saved. Contact lists change now.', { exact: true }).first().waitFor();
    await eventually(async () => assert.equal(door.house.stores.departments.map(DOMAIN).sights.size, 3));
    // Profiles are another matter, and the page says so.
    await page.getByText('Profiles are not hidden by this').waitFor();
    await page.getByRole('link', { name: 'a setting of its own' }).click();
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
    assert.equal(new URL(page.url()).hash, '#profiles');
  });

  it('are put in order, renamed, given other rooms', async () => {
    const { page } = here;
    await page.goto(`${door.url}/departments`);
    const list = page.getByRole('list', { name: 'Departments' });
    const order = async () => list.getByRole('link').allInnerTexts();
    await list.waitFor();
    const before = await order();
    const last = before.at(-1)!;
    await press(page, `Move ${last} up`);
    const wanted = [before[0], last, before[1]];
    await eventually(async () => assert.deepEqual(await order(), wanted));
    await page.reload();
    await list.waitFor();
    assert.deepEqual(await order(), wanted);

    await open('Sales');
    await press(page, 'Change');
    const dialog = dialogOf(page);
    assert.equal(await dialog.getByLabel('Rooms').inputValue(), 'lobby\nsales');
    await dialog.getByLabel('Rooms').fill('lobby');
    await dialog.getByLabel('Name').fill('Selling');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'Selling' }).waitFor();
    assert.deepEqual([...named('Selling')!.rooms], ['lobby']);
    ids.Selling = ids.Sales!;
  });

  it('are shown on the page of a person, and changed there', async () => {
    const { page } = here;
    await page.goto(`${door.url}/people/${DOMAIN}/romeo`);
    const own = region(page, 'Departments');
    await own.getByText(NASTY).waitFor();
    assert.equal(await own.getByRole('checkbox', { checked: true }).count(), 0);
    assert.equal(await own.getByRole('button').count(), 0, 'nothing to save yet');
    await own.getByLabel('Stock').check();
    await own.getByLabel(NASTY).check();
    await picture(page, 'person-departments');
    await own.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await own.getByRole('checkbox', { checked: true }).count(), 0);
    await own.getByLabel('Stock').check();
    await own.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved. Contact lists change now.', { exact: true }).waitFor();
    assert.deepEqual([...door.house.stores.departments.members(DOMAIN, ids.Stock!)], ['romeo']);
    await own.getByRole('button').first().waitFor({ state: 'detached' });
    await page.reload();
    await eventually(async () => assert.ok(await own.getByLabel('Stock').isChecked()));
  });

  it('are told something of their own', async () => {
    const { page } = here;
    await page.goto(`${door.url}/announcements`);
    await page.getByLabel('Tell them').fill('Stocktaking at noon.');
    await choose(page, 'Which department', 'Stock');
    await press(page, 'Announce');
    await dialogOf(page).getByText('Tell Stock?').waitFor();
    await picture(page, 'announcement-department');
    await dialogOf(page).getByRole('button', { name: 'Announce' }).click();
    const told = page.getByRole('list', { name: 'Announcements' }).getByRole('listitem');
    await told.getByText('Stocktaking at noon.').waitFor();
    await told.getByText('Stock', { exact: true }).waitFor();
    assert.equal(await page.getByLabel('Tell them').inputValue(), '');
    // Where nobody is in it, there would be nobody to tell.
    const { accounts, departments } = door.house.stores;
    const benvolio = await accounts.create({ domain: DOMAIN, local: 'benvolio', name: 'Benvolio', credentials: [] });
    await departments.setFor(benvolio, [ids[NASTY]!]);
    await page.getByLabel('Tell them').fill(NASTY);
    await choose(page, 'Which department', NASTY);
    await press(page, 'Announce');
    await dialogOf(page).getByText(`Tell ${NASTY}?`).waitFor();
    await dialogOf(page).getByRole('button', { name: 'Announce' }).click();
    await eventually(async () => assert.equal(await told.count(), 2));
    const [, kept] = (await door.house.commands.announcements.list(DOMAIN)) as { department?: unknown }[];
    assert.equal(kept?.department, 'Stock');
    await accounts.remove(benvolio);
  });

  it('may talk outside as a whole', async () => {
    const { page } = here;
    await page.goto(`${door.url}/federation`);
    const card = region(page, 'Who may talk outside');
    await card.getByText('Chosen people').click();
    await card.getByRole('button', { name: 'Save' }).click();
    await card.getByText('Nobody is chosen, so nobody may talk outside.').waitFor();
    await choose(page, 'Choose a department', NASTY);
    const list = card.getByRole('list', { name: 'Departments whose people may' });
    await list.getByText(NASTY).waitFor();
    await card.getByText('Nobody is chosen, so').waitFor({ state: 'detached' });
    const select = card.getByLabel('Choose a department');
    assert.deepEqual(await select.getByRole('option').allInnerTexts(), ['Choose a department', 'Selling', 'Stock']);
    assert.equal(await select.inputValue(), '', 'and asks for the next one');
    await select.selectOption({ label: 'Stock' });
    await list.getByText('Stock').waitFor();
    await list.getByRole('button', { name: 'Take Stock off the list' }).click();
    await list.getByText('Stock').waitFor({ state: 'detached' });
    await picture(page, 'outside-departments');
  });

  it('take in who comes by an invitation', async () => {
    const { page } = here;
    await page.goto(`${door.url}/invitations`);
    await page
      .getByRole('button', { name: /^Invite/ })
      .first()
      .click();
    const dialog = dialogOf(page);
    await dialog.getByRole('group', { name: 'Departments' }).getByLabel('Stock').check();
    await picture(page, 'invite-department');
    await dialog.getByRole('button', { name: 'Make the link' }).click();
    await dialog.getByText('The invitation is ready').waitFor();
  });

  it('can be used on a phone and by everybody, light and dark', async () => {
    const { page } = here;
    const findings: string[] = [];
    /** Looks at what is open in both widths, light and dark; of pages that have scenes of their own at what is new in them. */
    async function look(name: string, part?: Locator): Promise<void> {
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: width === 390 ? 844 : 860 });
        assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name} at ${width}`);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          findings.push(...(await everyFinding(page, part)));
          await picture(page, `${name}-${colorScheme}-${width}`);
        }
      }
    }
    for (const [path, name, there, whole] of [
      ['departments', 'departments', 'Who has whom in the contact list', true],
      [`departments/${ids.Selling}`, 'department', 'Contact list', true],
      [`people/${DOMAIN}/romeo`, 'person', 'Departments', false],
      ['federation', 'federation-departments', 'Who may talk outside', false],
    ] as const) {
      await page.goto(`${door.url}/${path}`);
      await region(page, there).waitFor();
      await look(name, whole ? undefined : region(page, there));
    }
    await page.goto(`${door.url}/announcements`);
    await page.getByLabel('Which department').waitFor();
    await look('announcements-departments', page.locator('#content'));
    await open('Selling');
    await press(page, 'Change');
    await dialogOf(page).waitFor();
    await look('department-change');
    await page.keyboard.press('Escape');
    await press(page, 'Add people');
    await dialogOf(page).getByRole('listitem').first().waitFor();
    await look('department-people');
    assert.deepEqual(findings, []);
  });

  it('are removed after asking; their people stay', async () => {
    const { page } = here;
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.goto(`${door.url}/departments`);
    await page.getByRole('list', { name: 'Departments' }).getByRole('link', { name: NASTY, exact: true }).click();
    await page.getByRole('heading', { level: 1, name: NASTY, exact: true }).waitFor();
    await press(page, 'Remove');
    await dialogOf(page).getByText('Its people stay.').waitFor();
    await picture(page, 'department-remove');
    await dialogOf(page).getByRole('button', { name: 'Remove' }).click();
    await page.getByText(`${NASTY} is removed. Its people stay.`, { exact: true }).waitFor();
    await eventually(async () => assert.deepEqual(Object.keys(await matrix(page)), ['Selling', 'Stock']));
    assert.ok(await door.house.stores.accounts.find(DOMAIN, 'paris'));
    assert.equal(await page.title().then((title) => title === '1'), false, 'nothing ran');
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    assert.deepEqual(here.complaints, []);
  });

  it('that somebody else removed are gone from the page as soon as one does anything with them', async () => {
    const { page } = here;
    const { departments } = door.house.stores;
    const gone = page.getByRole('heading', { name: 'There is no such department' });
    const doomed = async () => {
      const department = await departments.create(DOMAIN, 'Doomed', '');
      ids.Doomed = department.id;
      await open('Doomed');
      await region(page, 'Contact list').waitFor();
      await departments.remove(department);
    };
    await doomed();
    await choose(page, 'Doomed and Stock', 'Only Doomed has Stock');
    await gone.waitFor();
    await doomed();
    await press(page, 'Remove');
    await dialogOf(page).getByRole('button', { name: 'Remove' }).click();
    await dialogOf(page).getByRole('button', { name: 'Cancel' }).click();
    await gone.waitFor();
    await doomed();
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await gone.waitFor();
  });

  it('of another domain have a list of their own, to which the way back leads', async () => {
    const { page } = here;
    const other = 'verona.test';
    await door.house.commands.domains.add({ name: 'olga', door: 'panel' }, other);
    await door.house.stores.departments.create(other, 'Watch', '');
    await page.goto(`${door.url}/departments`);
    await choose(page, 'Domain', other);
    await page.getByRole('list', { name: 'Departments' }).getByRole('link', { name: 'Watch' }).click();
    await page.getByRole('heading', { level: 1, name: 'Watch' }).waitFor();
    await page.locator('#content').getByRole('link', { name: 'Departments', exact: true }).click();
    await page.getByRole('link', { name: 'Watch' }).first().waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'Watch' }).first().waitFor();
    assert.equal(await page.getByLabel('Domain', { exact: true }).inputValue(), other);
  });
});
