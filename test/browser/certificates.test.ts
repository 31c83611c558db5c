// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { Appliance } from '../support/appliance.ts';
import { authority } from '../support/authority.ts';
import { ownPorts } from '../support/daemon.ts';
import { eventually, noBrowser, openBrowser, picture, seriousFindings, visit } from './panel-kit.ts';

const params = { domain: 'example.test' };

describe('the page of certificates', { skip: noBrowser, timeout: 120_000 }, () => {
  let browser: Browser;
  let appliance: Appliance;
  const http = ownPorts();
  before(async () => {
    [browser, appliance] = await Promise.all([
      openBrowser(),
      Appliance.start({ more: `http = ["127.0.0.1:${http}"]` }),
    ]);
  });
  after(async () => {
    await browser?.close();
    await appliance?.[Symbol.asyncDispose]();
  });

  test('shows what is shown, makes a request, refuses a wrong key at its field and takes the right one', async () => {
    const { page, complaints } = await visit(browser, { bypassCSP: true });
    await page.goto(appliance.panel);
    await page.getByLabel('Claim code').fill(appliance.claimCode);
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await page.getByRole('button', { name: 'Start using Hallway' }).click();
    await page.getByRole('heading', { name: 'Set up', exact: true }).waitFor();
    await page.goto(`${appliance.panel}/certificates`);
    await page.getByRole('heading', { name: 'example.test' }).waitFor();
    await page.getByText('By itself, from').waitFor();
    await picture(page, 'certificates');
    assert.deepEqual(await seriousFindings(page), []);
    await page.setViewportSize({ width: 390, height: 800 });
    await picture(page, 'certificates-narrow');
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= 390'));
    await page.setViewportSize({ width: 1280, height: 860 });

    await page.getByRole('button', { name: 'Signing request' }).click();
    await page.getByRole('button', { name: 'Make a key and a request' }).click();
    await page.getByText('BEGIN CERTIFICATE REQUEST').waitFor();
    await picture(page, 'certificates-request');
    await page.keyboard.press('Escape');

    const root = authority('Root of the office');
    const [one, other] = [
      root.issue({ dns: ['example.test', '*.example.test'] }),
      root.issue({ dns: ['example.test'] }),
    ];
    await page.getByRole('button', { name: 'Put another one in its place' }).click();
    await page.getByLabel('Certificate with its chain (PEM)').fill(one.chainPem);
    await page.getByLabel('Private key (PEM)').fill(other.keyPem);
    await page.getByRole('button', { name: 'Look at it' }).click();
    await page.getByText('The key does not fit the certificate').waitFor();
    await picture(page, 'certificates-refused');
    const files = ['chain.pem', 'key.pem'].map((name) => join(appliance.folder, name));
    await writeFile(files[0]!, one.chainPem);
    await writeFile(files[1]!, one.keyPem);
    await page.getByLabel('Certificate with its chain (PEM)').fill('');
    const note = join(appliance.folder, 'note.txt');
    await writeFile(note, 'Not what you think.');
    await page.getByLabel('Files').setInputFiles(note);
    await page.getByText('note.txt is no certificate and no key.').waitFor();
    assert.equal(await page.getByLabel('Private key (PEM)').inputValue(), other.keyPem, 'what was put in stays');
    await page.getByLabel('Files').setInputFiles(files);
    await eventually(async () => {
      assert.equal(await page.getByLabel('Private key (PEM)').inputValue(), one.keyPem);
    });
    await page.getByRole('button', { name: 'Look at it' }).click();
    await page.getByText('It would do.').waitFor();
    await picture(page, 'certificates-looked');
    assert.equal(
      (await appliance.local.call('GET /api/certificates/:domain', { params })).certificate.source,
      'internal',
    );
    await page.getByRole('button', { name: 'Show it from now on' }).click();
    await page.getByText('Brought by an administrator').waitFor();
    const { certificate } = await appliance.local.call('GET /api/certificates/:domain', { params });
    assert.deepEqual([certificate.source, certificate.renewer], ['uploaded', 'nobody']);

    await page.getByRole('button', { name: 'How ACME works here' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('only to who agrees to its terms').waitFor();
    await picture(page, 'certificates-acme');
    assert.deepEqual(await seriousFindings(page), []);
    assert.deepEqual(complaints, []);
  });

  test('the page of a domain gets its certificate by ACME for the names that are chosen, and says in German what went wrong', async () => {
    const hooks = join(appliance.folder, 'hooks');
    await mkdir(hooks, { mode: 0o755 });
    await writeFile(join(hooks, 'hook'), '#!/bin/sh\nexit 0\n', { mode: 0o700 });
    const { context, page, complaints } = await visit(browser, { bypassCSP: true, locale: 'de' });
    await page.goto(appliance.panel);
    await page.getByLabel('Name').fill('olga');
    await page.getByLabel('Passwort', { exact: true }).fill('a long enough passphrase');
    await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
    await page.getByRole('link', { name: 'Domains' }).click();
    await page.getByRole('link', { name: 'example.test' }).click();
    await page.getByRole('button', { name: 'Per ACME beziehen' }).click();
    // First how, as nobody has said that yet; nobody answers there.
    await page.getByLabel('Verzeichnis der Zertifizierungsstelle').fill('https://127.0.0.1:1/directory');
    await page.getByRole('button', { name: 'Nach den Bedingungen fragen' }).click();
    await page.getByText(/Dort fand sich keine Zertifizierungsstelle, die ACME \(RFC 8555\) spricht/).waitFor();
    await page.getByRole('radio', { name: 'Per DNS' }).check();
    await page.getByLabel('Skript auf dem Server').fill('none');
    await page.getByLabel('Wir stimmen ihren Bedingungen zu').check();
    await page.getByRole('button', { name: 'Speichern' }).click();
    await page.getByText(`${join(hooks, 'none')} gibt es nicht.`).waitFor();
    await page.getByLabel('Skript auf dem Server').fill('hook');
    await page.getByRole('button', { name: 'Speichern' }).click();
    await page.getByRole('heading', { name: 'Ein Zertifikat für example.test per ACME' }).waitFor();
    await page.getByLabel('pubsub.example.test').uncheck();
    await page.waitForTimeout(300);
    await picture(page, 'domain-acme-names');
    assert.deepEqual(await seriousFindings(page), []);
    await page.getByRole('button', { name: 'Anfordern' }).click();
    await page.getByText('unter ihrer Adresse antwortet niemand').waitFor();
    const { certificate } = await appliance.local.call('GET /api/certificates/:domain', { params });
    assert.deepEqual(
      certificate.acme?.names,
      certificate.wanted.filter((name) => /^(?!pubsub\.).*example\.test$/.test(name)),
    );
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 390],
    ] as const) {
      await page.setViewportSize({ width, height: 860 });
      await page.emulateMedia({ colorScheme });
      await picture(page, `domain-${colorScheme}-${width}`);
      assert.deepEqual(await seriousFindings(page), []);
      assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${width}`);
    }
    await page.getByRole('button', { name: 'ACME beenden' }).click();
    await page.getByText('unter ihrer Adresse antwortet niemand').waitFor({ state: 'detached' });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('devices find their page without a password, over HTTP as well, in their language and dark', async () => {
    for (const [origin, name] of [
      [appliance.panel, 'https'],
      [`http://127.0.0.1:${http}`, 'http'],
    ] as const) {
      const { page, complaints } = await visit(browser, {
        locale: 'de',
        bypassCSP: true,
        colorScheme: 'dark',
        viewport: { width: 390, height: 800 },
      });
      await page.goto(`${origin}/trust`);
      await page.getByRole('heading', { name: 'Dem Server dieses Büros vertrauen' }).waitFor();
      assert.ok(await page.evaluate('document.documentElement.scrollWidth <= 390'));
      await picture(page, `trust-${name}`);
      assert.deepEqual(await seriousFindings(page), []);
      assert.deepEqual(complaints, []);
    }
  });
});
