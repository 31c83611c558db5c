import type { Module } from '../host/module.ts';

/**
 * Notes who is connected and when people were last here, for administrators. Unlike last activity (XEP-0012) it counts every
 * session, also one that never said that it is available: whoever has signed in has used the account.
 */
export const seen: Module = {
  name: 'seen',
  start(host) {
    const { people } = host.house.stores;
    // Who was connected when the server was cut off: when they left nobody knows any more.
    people.allLeft(host.domain, Date.now()).catch(() => undefined);
    return {
      on: {
        bound: ({ session }) => people.came(session.account.id),
        survived: ({ session }) => people.came(session.account.id),
        ended({ session }) {
          const others = host.sessions.of(session.jid.bare).some((other) => other !== session);
          if (!others) people.left(session.account.id, Date.now());
        },
      },
    };
  },
};
