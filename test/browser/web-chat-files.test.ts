import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
// Builds the panel and the chat when they are older than their sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import { Appliance } from '../support/appliance.ts';
import { jpegWithPlace } from '../support/photos.ts';
import { noBrowser, openBrowser, picture, type Visit, visit } from './panel-kit.ts';

const PEOPLE = { juliet: 'wherefore art thou', romeo: 'but soft, what light' };

describe('files in the chat in the browser (XEP-0363, with Converse.js)', { skip: noBrowser, timeout: 90_000 }, () => {
  let appliance: Appliance;
  let browser: Browser;
  before(async () => {
    appliance = await Appliance.start();
    for (const [name, password] of Object.entries(PEOPLE)) await appliance.addPerson(name, password);
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await appliance?.[Symbol.asyncDispose]();
  });

  /** Somebody at a browser of their own, talking to somebody. */
  async function enters(name: keyof typeof PEOPLE, to: string): Promise<Visit> {
    const come = await visit(browser);
    const { page } = come;
    page.setDefaultTimeout(30_000);
    await page.goto(`${appliance.panel}/chat/`);
    await page.locator('input[name=jid]').fill(name);
    await page.locator('input[name=password]').fill(PEOPLE[name]);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('I am online').waitFor();
    await page.evaluate(`location.hash = '#converse/chat?jid=${to}@example.test'`);
    await page.locator('textarea.chat-textarea').waitFor();
    return come;
  }

  /** The picture that is shown, once it is. */
  const shown = async (page: Page): Promise<string> => {
    const image = page.locator('converse-chat-message img[src*="/file/"]');
    await image.waitFor();
    const height = await image.evaluate(async (one) => {
      const drawn = one as unknown as { decode(): Promise<void>; readonly naturalHeight: number };
      await drawn.decode();
      return drawn.naturalHeight;
    });
    assert.equal(height, 2, 'it lies on its side, and is set upright');
    return (await image.getAttribute('src')) ?? '';
  };

  it('a picture is sent, and shown to both as a picture; a link to elsewhere is not fetched', async () => {
    const [juliet, romeo] = await Promise.all([enters('juliet', 'romeo'), enters('romeo', 'juliet')]);
    await juliet.page
      .locator('input.fileupload')
      .setInputFiles({ name: 'balcony.jpg', mimeType: 'image/jpeg', buffer: jpegWithPlace() });
    const [hers, his] = await Promise.all([shown(juliet.page), shown(romeo.page)]);
    assert.equal(his, hers);
    assert.match(his, new RegExp(`^${appliance.panel}/file/[\\w-]{24}/balcony\\.jpg$`));
    await picture(romeo.page, 'chat-picture');
    const strange: string[] = [];
    romeo.page.on('request', (request) => strange.push(request.url()));
    await juliet.page.locator('textarea.chat-textarea').fill('https://elsewhere.example/spy.jpg');
    await juliet.page.locator('textarea.chat-textarea').press('Enter');
    await romeo.page.getByText('spy.jpg').first().waitFor();
    await romeo.page.waitForTimeout(300);
    assert.deepEqual(
      strange.filter((url) => url.includes('elsewhere')),
      [],
    );
    for (const { complaints } of [juliet, romeo])
      assert.deepEqual(
        complaints.filter((one) => /Content Security|violates|Refused|blocked|Uncaught/.test(one)),
        [],
      );
  });
});
