import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { relayCheck } from '../../server/commands/doctor/relay.ts';
import { Coturn, documented } from '../support/coturn.ts';
import { without } from '../support/packages.ts';

const SECRET = /^static-auth-secret=(.*)$/m;

/** The settings of a house, as far as the relay goes. */
function asked(values: Readonly<Record<string, string | number>>) {
  const options = {
    find: (key: string) => (key in values ? { key } : undefined),
    get: ({ key }: { key: string }) => values[key],
  };
  return relayCheck(options as never, Date.now).run(AbortSignal.timeout(15_000));
}

describe('the doctor asks a relay', { skip: without('coturn') }, () => {
  it('whether it answers and takes our passes, and says who has the other secret', async () => {
    const settings = await documented();
    const secret = SECRET.exec(settings)![1]!;
    await using relay = await Coturn.start(settings);
    const base = {
      'calls.host': '127.0.0.1',
      'calls.port': relay.port,
      'calls.tls-port': 0,
      'calls.transport': 'both',
    };
    const [works, ...more] = await asked({ ...base, 'calls.secret': secret });
    assert.deepEqual([works?.severity, more], ['good', []]);
    const wrong = await asked({ ...base, 'calls.secret': 'quite another secret, alas' });
    assert.deepEqual(
      wrong.map(({ severity }) => severity),
      ['bad', 'bad'],
    );
    assert.match(wrong[0]!.sentence, /UDP\) refuses the passes .*401/);
    const [none] = await asked({ ...base, 'calls.secret': '' });
    assert.match(`${none?.severity} ${none?.sentence}`, /^warn It answers, but there is no secret/);
  });

  it('that is not there, or lets everybody in', async () => {
    const settings = (await documented()).replace(/^use-auth-secret$/m, 'no-auth').replace(SECRET, '');
    await using relay = await Coturn.start(settings);
    const base = { 'calls.host': '127.0.0.1', 'calls.tls-port': 0, 'calls.secret': 'sixteen characters' };
    const [open] = await asked({ ...base, 'calls.port': relay.port, 'calls.transport': 'udp' });
    assert.match(`${open?.severity} ${open?.sentence}`, /^bad .* lets anybody relay/);
    const [silent] = await asked({ ...base, 'calls.port': 1, 'calls.transport': 'tcp' });
    assert.match(`${silent?.severity} ${silent?.sentence}`, /^bad .* does not answer/);
    const [nothing] = await asked({ 'calls.host': '' });
    assert.equal(nothing?.severity, 'good');
  });
});
