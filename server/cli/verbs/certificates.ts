import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { readPassword } from '../ask.ts';
import type { Client } from '../client.ts';
import { Failure, usage } from '../failure.ts';
import { pairs, plain, table, when } from '../text.ts';
import type { Context, Given, Verb } from '../verb.ts';

const LARGEST = 60_000;
const LOOK_MS = 500;

function fileOf(name: string, encoding: 'utf8' | 'base64'): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(name);
  } catch (error) {
    throw new Failure(2, `${name} cannot be read: ${(error as Error).message}`);
  }
  if (bytes.length > (encoding === 'utf8' ? LARGEST : (LARGEST * 3) / 4)) throw new Failure(2, `${name} is too large.`);
  return bytes.toString(encoding);
}

async function passphraseOf({ terminal, given }: Context): Promise<{ passphrase?: string }> {
  return given['passphrase-stdin'] === true ? { passphrase: await readPassword(terminal) } : {};
}

/** What came of it, when it is over. */
async function waitFor(client: Client, domain: string): Promise<string> {
  for (;;) {
    const { certificate } = await client.call('GET /api/certificates/:domain', { params: { domain } });
    if (certificate.acme === null) throw new Failure(1, `The certificate of ${domain} is not got by ACME any more.`);
    if (!certificate.acme.running && certificate.acme.triedAt > 0) {
      if (certificate.acme.failure !== '') throw new Failure(1, certificate.acme.failure);
      return `A new certificate is shown, valid until ${when(certificate.notAfter)}.\n`;
    }
    await pause(LOOK_MS);
  }
}

async function begun({ client, given, print }: Context, domain: string): Promise<void> {
  if (given.wait === true) print({ done: true }, await waitFor(client, domain));
  else print({ done: true }, `It has begun. “hallwayctl certificate show ${domain}” says how it goes.\n`);
}

function challengeOf(given: Given): 'http-01' | 'dns-01' | undefined {
  const said = given.challenge;
  if (said === undefined || said === 'http-01' || said === 'dns-01') return said;
  throw usage('--challenge is http-01 or dns-01.');
}

const RENEWER = { internal: 'by itself', acme: 'by ACME', nobody: 'by hand' } as const;

export const certificates: readonly Verb[] = [
  {
    words: 'certificate list',
    args: [],
    options: [],
    summary: 'which certificates are shown, and what is the matter with them',
    async run({ client, print }) {
      const [reply, { findings }] = await Promise.all([
        client.call('GET /api/certificates', {}),
        client.call('GET /api/certificates/findings', {}),
      ]);
      const rows = reply.certificates.map((one) => [
        one.domain,
        one.state,
        one.source,
        when(one.notAfter),
        RENEWER[one.renewer],
      ]);
      const said = findings
        .filter(({ state }) => state !== 'ok')
        .map(({ sentence, remedy }) => `${plain(sentence)} ${remedy}\n`);
      print({ ...reply, findings }, table(['DOMAIN', 'STATE', 'SOURCE', 'UNTIL', 'RENEWED'], rows) + said.join(''));
    },
  },
  {
    words: 'certificate show',
    args: ['DOMAIN'],
    options: [],
    summary: 'all about the certificate of one domain',
    async run({ client, print }, [domain = '']) {
      const reply = await client.call('GET /api/certificates/:domain', { params: { domain } });
      const one = reply.certificate;
      print(
        reply,
        pairs([
          ['State', one.state],
          ['Source', one.source],
          ['Names', one.names.join(', ')],
          ['Missing', one.missing.join(', ') || '–'],
          ['Issuer', plain(one.issuer.replaceAll('\n', ', '))],
          ['Key', one.key],
          ['Valid from', when(one.notBefore)],
          ['Valid until', when(one.notAfter)],
          [
            'Renewed',
            one.renewedAt === 0 ? RENEWER[one.renewer] : `${RENEWER[one.renewer]}, from ${when(one.renewedAt)}`,
          ],
          ['SHA-256', one.fingerprint],
          ['Request', one.request === null ? '–' : `made ${when(one.request.createdAt)}`],
          ['ACME', one.acme === null ? '–' : one.acme.running ? 'at work' : plain(one.acme.failure) || 'fine'],
        ]),
      );
    },
  },
  {
    words: 'certificate upload',
    args: ['DOMAIN'],
    options: ['chain', 'key', 'p12', 'passphrase-stdin', 'check'],
    summary: 'show a certificate that comes from elsewhere; for the answer to a request without --key',
    async run(context, [domain = '']) {
      const { client, given, print } = context;
      if ((given.chain === undefined) === (given.p12 === undefined)) throw usage('Give --chain, or --p12.');
      const body = {
        ...(given.chain !== undefined && { chain: fileOf(given.chain, 'utf8') }),
        ...(given.key !== undefined && { key: fileOf(given.key, 'utf8') }),
        ...(given.p12 !== undefined && { pkcs12: fileOf(given.p12, 'base64') }),
        ...(await passphraseOf(context)),
      };
      const route = given.check ? 'POST /api/certificates/:domain/check' : 'PUT /api/certificates/:domain';
      const reply = await client.call(route, { params: { domain }, body });
      const head = given.check ? 'It would do.' : `It is shown from now on.`;
      const missing = reply.missing.length === 0 ? '' : `It lacks these names: ${reply.missing.join(', ')}.\n`;
      const notes = reply.notes.map((note) => `${plain(note)}\n`).join('');
      print(reply, `${head} It is valid until ${when(reply.notAfter)}.\n${missing}${notes}`);
    },
  },
  {
    words: 'certificate internal',
    args: ['DOMAIN'],
    options: [],
    summary: 'show a certificate of the house’s own authority again',
    async run({ client, print }, [domain = '']) {
      const reply = await client.call('POST /api/certificates/:domain/internal', { params: { domain } });
      print(reply, `${domain} shows a certificate of the house’s own authority.\n`);
    },
  },
  {
    words: 'certificate request',
    args: ['DOMAIN'],
    options: ['rsa', 'drop'],
    summary: 'make a key and a request for whoever signs it, as PEM on standard output',
    async run({ client, given, print }, [domain = '']) {
      const params = { domain };
      if (given.drop === true) {
        print(await client.call('DELETE /api/certificates/:domain/request', { params }), 'The request is forgotten.\n');
        return;
      }
      const body = { key: given.rsa === true ? 'rsa' : 'ec' } as const;
      const reply = await client.call('POST /api/certificates/:domain/request', { params, body });
      print(reply, reply.request.endsWith('\n') ? reply.request : `${reply.request}\n`);
    },
  },
  {
    words: 'certificate acme-set',
    args: [],
    options: ['directory', 'authority', 'email', 'agree', 'challenge', 'hook'],
    summary: 'how certificates are got by ACME; what is left out stays',
    async run({ client, given, print }) {
      const { acme } = await client.call('GET /api/certificates', {});
      const directory = given.directory ?? acme.directory;
      const challenge = challengeOf(given) ?? acme.challenge;
      // Who agreed to the terms of one authority has not agreed to those of another.
      const agreed = given.agree === true || (acme.agreed && directory === acme.directory);
      const authority = given.authority === undefined ? acme.authority : fileOf(given.authority, 'utf8');
      const body = {
        directory,
        authority,
        email: given.email ?? acme.email,
        agreed,
        challenge,
        hook: given.hook ?? acme.hook,
      };
      if (!agreed) {
        const { terms } = await client.call('POST /api/acme/terms', { body: { directory, authority } });
        throw usage(`Agree to the terms of the authority with --agree${terms === null ? '' : `: ${terms}`}`);
      }
      const reply = await client.call('PUT /api/acme', { body });
      print(reply, `Certificates are got from ${directory}, with proof by ${challenge}.\n`);
    },
  },
  {
    words: 'certificate acme-use',
    args: ['DOMAIN'],
    options: ['names', 'wait'],
    summary: 'have the certificate of a domain got by ACME, now and from now on',
    async run(context, [domain = '']) {
      const { client, given } = context;
      const names = given.names?.split(',').map((name) => name.trim());
      const body = names === undefined ? {} : { names };
      await client.call('PUT /api/certificates/:domain/acme', { params: { domain }, body });
      await begun(context, domain);
    },
  },
  {
    words: 'certificate acme-run',
    args: ['DOMAIN'],
    options: ['wait'],
    summary: 'get a new one by ACME now',
    async run(context, [domain = '']) {
      await context.client.call('POST /api/certificates/:domain/acme/run', { params: { domain } });
      await begun(context, domain);
    },
  },
  {
    words: 'certificate acme-stop',
    args: ['DOMAIN'],
    options: [],
    summary: 'ask for no more by ACME; what came stays until it ends',
    async run({ client, print }, [domain = '']) {
      const reply = await client.call('DELETE /api/certificates/:domain/acme', { params: { domain } });
      print(reply, `Nothing is asked for by ACME any more for ${domain}.\n`);
    },
  },
  {
    words: 'certificate authority',
    args: [],
    options: [],
    summary: 'the internal authority’s certificate, as PEM on standard output',
    async run({ client, print }) {
      const pem = await client.text('GET /api/certificate-authority');
      print({ certificate: pem }, pem);
    },
  },
];
