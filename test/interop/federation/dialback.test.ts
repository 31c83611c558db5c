import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { federates } from './federates.ts';

// Streams by STARTTLS; no certificate is known to anybody.
federates('dialback', (open) => {
  describe('what an administrator decides', () => {
    /** For a domain and all below it. */
    const decide = async (domain: string, wish: { verdict: 'allow' | 'deny'; proof?: 'certificate' | 'dialback' }) => {
      for (const pattern of [domain, `*.${domain}`]) {
        await open().hallway.local.call('PUT /api/federation/rules/:pattern', { params: { pattern }, body: wish });
      }
    };

    it('a server that knows only dialback is none to talk with where certificates are asked for, and that is told', async () => {
      const { hallway, prosody } = open();
      const params = { domain: prosody.domain };
      await decide(prosody.domain, { verdict: 'allow', proof: 'certificate' });
      await hallway.local.call('POST /api/federation/domains/:domain/close', { params });
      const { attempt } = await hallway.local.call('POST /api/federation/domains/:domain/try', { params, body: {} });
      assert.deepEqual([attempt.outcome, attempt.whose], ['failed', 'theirs'], JSON.stringify(attempt));
      assert.ok(attempt.code === 'only-dialback' || attempt.code.startsWith('certificate-'), attempt.code);
      await open().meets('denied', prosody);
      await decide(prosody.domain, { verdict: 'allow', proof: 'dialback' });
      await open().tryNow(prosody.domain);
      await open().meets('links', prosody);
    });

    it('with a server that is denied nothing goes either way; with the other one it does', async () => {
      const { prosody, ejabberd } = open();
      await decide(ejabberd.domain, { verdict: 'deny' });
      assert.deepEqual((await open().why(ejabberd.domain)).verdict, 'deny');
      await open().meets('denied', ejabberd);
      await open().meets('links', prosody);
      await decide(ejabberd.domain, { verdict: 'allow', proof: 'dialback' });
      await open().tryNow(ejabberd.domain);
      await open().meets('links', ejabberd);
    });
  });
});
