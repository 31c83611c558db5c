import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coming, leaving } from '../../server/modules/subscriptions.ts';
import type { RosterItem, Subscription } from '../../server/storage/stores/rosters.ts';

/** The nine states of RFC 6121 appendix A.1: subscription, then `o` for pending out and `i` for pending in. */
const STATES = ['none', 'none o', 'none i', 'none oi', 'to', 'to i', 'from', 'from o', 'both'] as const;
type State = (typeof STATES)[number];

type Item = Omit<RosterItem, 'version'>;

function itemOf(state: State): Item {
  const [subscription, pending = ''] = state.split(' ') as [Subscription, string?];
  return {
    jid: 'romeo@example.test',
    name: '',
    groups: [],
    subscription,
    ask: pending.includes('o'),
    approved: false,
    listed: true,
    pendingIn: pending.includes('i') ? '<presence/>' : undefined,
  };
}

function stateOf({ subscription, ask, pendingIn }: Item): string {
  const pending = `${ask ? 'o' : ''}${pendingIn === undefined ? '' : 'i'}`;
  return pending === '' ? subscription : `${subscription} ${pending}`;
}

/** For each state: whether the stanza goes on, and the state after it. `=` stands for no change. */
type Table = Readonly<Record<State, readonly [goesOn: boolean, after: State | '=']>>;

const OUT: Readonly<Record<string, Table>> = {
  subscribe: {
    none: [true, 'none o'],
    'none o': [true, '='],
    'none i': [true, 'none oi'],
    'none oi': [true, '='],
    to: [true, '='],
    'to i': [true, '='],
    from: [true, 'from o'],
    'from o': [true, '='],
    both: [true, '='],
  },
  unsubscribe: {
    none: [true, '='],
    'none o': [true, 'none'],
    'none i': [true, '='],
    'none oi': [true, 'none i'],
    to: [true, 'none'],
    'to i': [true, 'none i'],
    from: [true, '='],
    'from o': [true, 'from'],
    both: [true, 'from'],
  },
  subscribed: {
    none: [false, '='],
    'none o': [false, '='],
    'none i': [true, 'from'],
    'none oi': [true, 'from o'],
    to: [false, '='],
    'to i': [true, 'both'],
    from: [false, '='],
    'from o': [false, '='],
    both: [false, '='],
  },
  unsubscribed: {
    none: [false, '='],
    'none o': [false, '='],
    'none i': [true, 'none'],
    'none oi': [true, 'none o'],
    to: [false, '='],
    'to i': [true, 'to'],
    from: [true, 'none'],
    'from o': [true, 'none o'],
    both: [true, 'to'],
  },
};

const IN: Readonly<Record<string, Table>> = {
  subscribe: {
    none: [true, 'none i'],
    'none o': [true, 'none oi'],
    'none i': [false, '='],
    'none oi': [false, '='],
    to: [true, 'to i'],
    'to i': [false, '='],
    from: [false, '='],
    'from o': [false, '='],
    both: [false, '='],
  },
  unsubscribe: {
    none: [false, '='],
    'none o': [false, '='],
    'none i': [true, 'none'],
    'none oi': [true, 'none o'],
    to: [false, '='],
    'to i': [true, 'to'],
    from: [true, 'none'],
    'from o': [true, 'none o'],
    both: [true, 'to'],
  },
  subscribed: {
    none: [false, '='],
    'none o': [true, 'to'],
    'none i': [false, '='],
    'none oi': [true, 'to i'],
    to: [false, '='],
    'to i': [false, '='],
    from: [false, '='],
    'from o': [true, 'both'],
    both: [false, '='],
  },
  unsubscribed: {
    none: [false, '='],
    'none o': [true, 'none'],
    'none i': [false, '='],
    'none oi': [true, 'none i'],
    to: [true, 'none'],
    'to i': [true, 'none i'],
    from: [false, '='],
    'from o': [true, 'from'],
    both: [true, 'from'],
  },
};

const seen = (state: string): boolean => state.startsWith('from') || state === 'both';

for (const [appendix, tables, change] of [
  ['A.2: outbound', OUT, (type: string, item: Item) => leaving(type, item)],
  ['A.3: inbound', IN, (type: string, item: Item) => coming(type, item, '<presence type="subscribe"/>')],
] as const) {
  for (const [type, table] of Object.entries(tables)) {
    describe(`RFC 6121 appendix ${appendix} ${type}`, () => {
      for (const state of STATES) {
        const [goesOn, after] = table[state];
        test(`${state} → ${after}, ${goesOn ? 'goes on' : 'goes no further'}`, () => {
          const outcome = change(type, itemOf(state));
          const now = after === '=' ? state : after;
          assert.equal(stateOf(outcome.item), now);
          assert.equal(outcome.pass, goesOn);
          // Presence begins or ends to be shown exactly when the contact begins or ceases to be a subscriber.
          const sight = seen(now) === seen(state) ? undefined : seen(now) ? 'shown' : 'hidden';
          assert.equal(outcome.sight, sight);
        });
      }
    });
  }
}

describe('RFC 6121 §3.4: pre-approval', () => {
  const approved = (state: State): Item => ({ ...itemOf(state), approved: true });
  for (const state of ['none', 'none o', 'to'] as const) {
    test(`in ${state}, "subscribed" is remembered and goes nowhere`, () => {
      const { item, pass } = leaving('subscribed', itemOf(state));
      assert.equal(item.approved, true);
      assert.equal(stateOf(item), state);
      assert.equal(pass, false);
    });
    test(`in ${state}, a request that was approved before is granted at once`, () => {
      const { item, pass, reply, sight } = coming('subscribe', approved(state), '<presence/>');
      assert.equal(stateOf(item), { none: 'from', 'none o': 'from o', to: 'both' }[state]);
      assert.deepEqual([pass, reply, sight], [false, 'subscribed', 'shown']);
    });
    test(`in ${state}, "unsubscribed" takes it back`, () => {
      const { item, pass } = leaving('unsubscribed', approved(state));
      assert.equal(item.approved, false);
      assert.equal(pass, false);
    });
  }
});

test('RFC 6121 §3.1.3: somebody who sees us already is told so again, without asking us', () => {
  for (const state of ['from', 'from o', 'both'] as const) {
    assert.equal(coming('subscribe', itemOf(state), '').reply, 'subscribed');
  }
});
