import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Actor } from '../../server/commands/actor.ts';
import { FigureHistory } from '../../server/commands/figure-history.ts';
import { FIGURES, merge, pack, unpack } from '../../server/commands/figure-sample.ts';
import { Health } from '../../server/commands/health.ts';
import { metricsText } from '../../server/commands/metrics-text.ts';
import { accepting } from '../../server/listening.ts';
import { openStores } from '../../server/storage/stores/index.ts';
import { type Client, claim, openApp, openHouse, type TestHouse } from './support.ts';

const by: Actor = { name: 'olga', door: 'panel' };

let house: TestHouse;
let ask: Client;
let cookie: string;
let close: () => Promise<void>;

before(async () => {
  house = await openHouse();
  ({ ask, close } = await openApp(house));
  cookie = await claim(house, ask);
});
after(async () => {
  await close();
  await house.close();
});

/** Reads the text format as strictly as it is specified; throws at the first thing that is not of it. */
function parse(
  text: string,
): Map<string, { type: string; samples: { labels: Record<string, string>; value: number }[] }> {
  const found = new Map<string, { type: string; samples: { labels: Record<string, string>; value: number }[] }>();
  assert.ok(text.endsWith('\n'));
  let name = '';
  const lines = text.slice(0, -1).split('\n');
  for (const [index, line] of lines.entries()) {
    const helped = /^# HELP ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (helped !== null) {
      [, name = ''] = helped;
      assert.ok(!found.has(name), `${name} is there twice`);
      const [, typed, type = ''] = /^# TYPE (\S+) (counter|gauge)$/.exec(lines[index + 1] ?? '') ?? [];
      assert.equal(typed, name, line);
      found.set(name, { type, samples: [] });
      continue;
    }
    if (line.startsWith('# TYPE ')) continue;
    const [, metric, labels = '', value = ''] =
      /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? assert.fail(line);
    assert.equal(metric, name, 'a sample belongs to what was announced');
    const pairs: Record<string, string> = {};
    const rest = labels.replace(
      /([a-zA-Z_]\w*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/g,
      (_, key: string, escaped: string) => {
        assert.ok(!(key in pairs));
        pairs[key] = escaped.replaceAll(/\\(.)/g, (_all, sign: string) => (sign === 'n' ? '\n' : sign));
        return '';
      },
    );
    assert.equal(rest, '', line);
    assert.ok(value === 'NaN' || Number.isFinite(Number(value)), line);
    found.get(name)!.samples.push({ labels: pairs, value: Number(value) });
  }
  return found;
}

describe('figures', () => {
  test('are an hour and a day of samples, in columns', async () => {
    house.house.connect('juliet@example.test/phone');
    house.house.counters.messages += 50;
    house.commands.figures.sample();
    const hour = await ask('GET /api/figures', { cookie });
    assert.equal(hour.status, 200, hour.text);
    const { range, every, samples } = hour.json as unknown as {
      range: string;
      every: number;
      samples: Record<string, number[]>;
    };
    assert.deepEqual([range, every], ['hour', 10_000]);
    assert.equal(samples.sessions?.at(-1), 1);
    assert.ok((samples.messages?.at(-1) ?? 0) > 0);
    assert.ok((samples.memory?.at(-1) ?? 0) > 1e6);
    for (const column of Object.values(samples)) assert.equal(column.length, samples.at?.length);
    assert.equal((await ask('GET /api/figures?range=day', { cookie })).status, 200);
    assert.equal((await ask('GET /api/figures?range=year', { cookie })).status, 400);
  });

  test('survive a restart, a day of them, and a clock that is set back', async () => {
    let now = Date.UTC(2026, 0, 1, 12);
    const open = (stores = openStores(house.db)) => {
      const { house: served } = house;
      const { uploads, figureHours: store } = stores;
      return new FigureHistory({
        house: served,
        counters: served.counters,
        links: () => 3,
        uploads,
        store,
        now: () => now,
      });
    };
    const first = open();
    for (let n = 0; n < 6 * 90; n++) {
      now += 10_000;
      first.sample();
    }
    assert.equal(first.view('hour').samples.at.length, 360, 'a bounded ring');
    assert.equal(first.view('day').samples.at.length, 90);
    now += 10_000;
    first.sample();
    first.close();
    const second = open();
    await second.load();
    const day = second.view('day').samples;
    assert.equal(day.at.length, 91, 'what had not become a minute is written at the end');
    assert.equal(day.links.at(-1), 3);
    assert.deepEqual(day.at, day.at.toSorted());
    assert.equal(second.view('hour').samples.at.length, 61, 'the hour has what the day knows of it');
    const rows = await house.db.all({ text: 'SELECT hour FROM figure_hour', values: [] });
    assert.equal(rows.length, 2, 'few rows');
    now -= 30 * 60_000;
    second.sample();
    const hour = second.view('hour').samples.at;
    assert.deepEqual(hour, hour.toSorted());
    second.close();
    now += 23 * 3_600_000;
    const third = open();
    await third.load();
    assert.ok(third.view('day').samples.at.every((at) => at > now - 86_400_000));
    third.close();
    now += 3 * 86_400_000;
    const last = open();
    await last.load();
    assert.deepEqual(last.view('day').samples.at, []);
    assert.equal(last.latest().links, 3);
    last.close();
  });

  test('of a minute are the most that there was of each; what is stored by another release is read as far as it goes', () => {
    const sample = Object.fromEntries(FIGURES.map((name) => [name, 2])) as Record<(typeof FIGURES)[number], number>;
    const merged = merge([
      { ...sample, at: 1, late99: 90, messages: 1, sessions: 1, cpu: 90.5, memory: 9e8 },
      { ...sample, at: 2, late99: 10, messages: 2, sessions: 9, online: 5, links: 7 },
      { ...sample, at: 3, late99: 10, messages: 3, sessions: 1 },
    ]);
    assert.deepEqual([merged.at, merged.late99, merged.messages], [3, 90, 3]);
    assert.deepEqual([merged.cpu, merged.memory, merged.files], [90.5, 9e8, 2]);
    assert.deepEqual([merged.sessions, merged.online, merged.links], [9, 5, 7]);
    assert.deepEqual(unpack(pack(merged)), merged);
    assert.equal(unpack([5, 1])?.lateMax, 0);
    for (const wrong of [null, {}, [], ['1'], [Number.NaN], [1, null]]) assert.equal(unpack(wrong), undefined);
  });
});

describe('GET /metrics', () => {
  const scrape = (token: string, from = '192.0.2.9') =>
    ask('GET /metrics', { from, ...(token !== '' && { headers: { authorization: `Bearer ${token}` } }) });

  test('is not there until a token is made, then for whoever brings it, and for nobody when it was replaced', async () => {
    assert.equal((await scrape('')).status, 404);
    assert.equal((await ask('GET /api/metrics', { cookie })).text, '{"on":false,"createdAt":null}');
    const made = (await ask('POST /api/metrics/token', { cookie })).json as unknown as { token: string };
    assert.match(made.token, /^[\w-]{43}$/);
    const right = await scrape(made.token);
    assert.equal(right.status, 200);
    assert.equal(right.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    for (const wrong of ['', 'x', `${made.token}x`, made.token.slice(1)]) {
      const { status, headers } = await scrape(wrong);
      assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer realm="metrics"'], wrong);
    }
    assert.equal((await ask('GET /metrics', { cookie, from: '192.0.2.10' })).status, 401, 'a cookie is no token');
    const next = (await ask('POST /api/metrics/token', { cookie })).json as unknown as { token: string };
    assert.equal((await scrape(made.token)).status, 401);
    assert.equal((await scrape(next.token)).status, 200);
    const kept = JSON.stringify([
      ...(await house.stores.settings.all()),
      house.logged,
      await house.commands.audit.page(undefined),
    ]);
    assert.ok(!kept.includes(next.token) && !kept.includes(made.token), 'SECURITY 67: what is stored is a hash');
    await house.commands.metrics.load();
    assert.equal((await scrape(next.token)).status, 200, 'after a restart, too');
    assert.equal((await ask('DELETE /api/metrics/token', { cookie })).status, 200);
    assert.equal((await scrape(next.token)).status, 404);
    const actions = (await house.commands.audit.page(undefined)).rows.map(({ action }) => action);
    assert.deepEqual(actions.slice(0, 3), ['metrics.off', 'metrics.token', 'metrics.token']);
  });

  test('ATTACK: guessing at the token ends soon, and whoever has it is not hindered elsewhere', async () => {
    const { token } = await house.commands.metrics.makeToken(by);
    const statuses = [];
    for (let n = 0; n < 14; n++) statuses.push((await scrape('guess', '198.51.100.1')).status);
    assert.deepEqual([statuses[0], statuses[9], statuses[13]], [401, 401, 429]);
    assert.equal((await scrape(token, '198.51.100.1')).status, 200, 'nor does that keep out who watches from there');
    for (let n = 0; n < 30; n++) assert.equal((await scrape(token, '198.51.100.2')).status, 200);
    const many = [];
    for (let n = 0; n < 60; n++) many.push((await scrape(token, '198.51.100.2')).status);
    assert.ok(many.includes(429), 'nor can it be asked for without end');
  });

  test('is of the format, names have their units, and what is counted is a counter', async () => {
    const { token } = await house.commands.metrics.makeToken(by);
    const metrics = parse((await scrape(token, '203.0.113.1')).text);
    for (const [name, { type, samples }] of metrics) {
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      assert.ok(samples.length > 0, name);
      assert.doesNotMatch(name, /_(?:ms|millis|kb|mb|percent|count)$/);
    }
    assert.deepEqual(metrics.get('hallway_sessions')?.samples, [{ labels: { domain: 'example.test' }, value: 1 }]);
    assert.equal(metrics.get('hallway_stanzas_received_total')?.samples[0]?.value, 50);
    assert.equal(metrics.get('hallway_build_info')?.samples[0]?.labels.version, '0.0.1');
    assert.ok((metrics.get('process_cpu_seconds_total')?.samples[0]?.value ?? 0) > 0);
    assert.ok(
      ![...metrics.values()].some(({ samples }) => JSON.stringify(samples).includes('juliet')),
      'no names of people',
    );
  });

  test('ATTACK: a label cannot end itself, its line, or say something of another metric', () => {
    const evil = 'a"} 1\nhallway_evil{x="\\';
    const text = metricsText([
      {
        name: 'hallway_a',
        type: 'gauge',
        help: `what\nhallway_evil 1\\`,
        samples: [{ labels: { domain: evil }, value: 1 }],
      },
      { name: 'hallway_b', type: 'gauge', help: 'b', samples: [{ value: Number.NaN }] },
      { name: 'hallway_c', type: 'gauge', help: 'c', samples: [] },
    ]);
    const metrics = parse(text);
    assert.deepEqual([...metrics.keys()], ['hallway_a', 'hallway_b']);
    assert.deepEqual(metrics.get('hallway_a')?.samples, [{ labels: { domain: evil }, value: 1 }]);
  });

  test('is read through the socket without a token', async () => {
    const socket = await openApp(house, 'socket');
    assert.match((await socket.ask('GET /metrics')).text, /^# HELP hallway_build_info/);
    await socket.close();
  });
});

describe('GET /health', () => {
  test('says ok to anybody, and nothing else', async () => {
    const answer = await ask('GET /health');
    assert.deepEqual([answer.status, answer.text], [200, '{"status":"ok"}']);
    assert.equal((await ask('POST /health')).status, 404);
  });

  test('says failing when nothing can be written, when that takes too long, when a door is shut, and while it goes down', async () => {
    const failing = async (write: () => Promise<unknown>, listening = async () => true) =>
      new Health({ write, listening, patienceMs: 20 }).ok();
    assert.equal(await failing(async () => {}), true);
    assert.equal(await failing(() => Promise.reject(new Error('disk full'))), false);
    assert.equal(await failing(() => new Promise(() => {})), false);
    assert.equal(
      await failing(
        async () => {},
        async () => false,
      ),
      false,
    );
    const closing = new Health({ write: async () => {}, listening: async () => true });
    closing.close();
    assert.equal(await closing.ok(), false);
  });

  test('knows of a door that takes nobody in any more, on whatever address it is', async () => {
    const doors = await Promise.all(
      ['127.0.0.1', '0.0.0.0', '::1'].map(async (host) => {
        const server = createServer().listen(0, host);
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        return { server, listening: { name: 'c2s', address: `${host.includes(':') ? `[${host}]` : host}:${port}` } };
      }),
    );
    const all = doors.map(({ listening }) => listening);
    assert.equal(await accepting(all), true);
    for (const [n, { server }] of doors.entries()) {
      server.close();
      await once(server, 'close');
      assert.equal(await accepting(all.slice(n)), false);
      assert.equal(await accepting(all.slice(n + 1)), true);
    }
  });

  test('ATTACK: whoever asks again and again makes it write and call no more often', async () => {
    let writes = 0;
    let calls = 0;
    const health = new Health({ write: async () => writes++, listening: async () => calls++ === 0 });
    for (let n = 0; n < 1_000; n++) await health.ok();
    assert.deepEqual([writes, calls], [1, 1]);
  });

  test('is 503 over HTTP', async () => {
    const other = await openHouse();
    const app = await openApp(other);
    await other.db.close();
    const answer = await app.ask('GET /health');
    assert.deepEqual([answer.status, answer.text], [503, '{"status":"failing"}']);
    await app.close();
    other.commands.close();
  });
});
