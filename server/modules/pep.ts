import type { Arrival } from '../host/flow.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest, IqRoute } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import { accountServices } from '../pubsub/accounts.ts';
import { nodeInfo, nodeItems, visibleNodes } from '../pubsub/disco.ts';
import { ACCOUNT_FEATURES } from '../pubsub/features.ts';
import { SUBSCRIBE_AUTHORIZATION } from '../pubsub/forms.ts';
import { answer } from '../pubsub/requests.ts';
import type { Service } from '../pubsub/service.ts';
import { authorize } from '../pubsub/subscriptions.ts';
import { readForm } from '../xmpp/data-form.ts';
import { type Element, elements } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** Personal eventing (XEP-0163): every account is a publish-subscribe service (XEP-0060) for itself and its contacts. */
export const pep: Module = {
  name: 'pep',
  xep: [163, '1.2.2'],
  also: [
    [60, '1.30.0'],
    [222, '1.0'],
    [384, '0.9.1'],
  ],
  start(host) {
    const services = accountServices(host);
    const { interests } = services;
    const handle = async (request: IqRequest): Promise<Element | undefined> => {
      const { stanza, payload } = request;
      const type = stanza.type === 'get' ? 'get' : 'set';
      const given = await guarded(request, (service) => answer(service, type, stanza.from, payload));
      // What any account would answer to anybody, a stranger is not told either: it says that there is one.
      if (saysNothing(given) && !(await known(request))) throw new StanzaError('service-unavailable');
      return given;
    };
    const route = (type: 'get' | 'set', xmlns: string): IqRoute => ({
      type,
      scope: 'account',
      xmlns,
      name: 'pubsub',
      handle,
    });

    /** Does something with the account; who is no contact of it learns from a refusal not even that it exists. */
    async function guarded<T>(request: IqRequest, task: (service: Service) => Promise<T>): Promise<T> {
      try {
        return await task(services.of(request.account!));
      } catch (error) {
        if (!(error instanceof StanzaError) || (await known(request))) throw error;
        throw new StanzaError('service-unavailable');
      }
    }

    /** It is the account itself that asks, or somebody on its contact list. */
    async function known({ account, stanza: { from, to } }: IqRequest): Promise<boolean> {
      if (from.bare === to!.bare) return true;
      return (await host.contacts.get(account!, from.bare))?.listed === true;
    }

    return {
      // The accounts' feature: profanity looks for it at their server, and makes no keys readable for all without it.
      features: [`${NS.pubsub}#publish-options`],
      accountFeatures: ACCOUNT_FEATURES,
      accountIdentities: [{ category: 'pubsub', type: 'pep' }], // §6.1
      accountNodes: {
        async info(request, node) {
          const there = await host.house.stores.pubsubNodes.get(String(request.account!.id), node);
          if (there === undefined) return undefined;
          return guarded(request, (service) => nodeInfo(service, request.stanza.from, node));
        },
        async items(request, node) {
          const { account, stanza } = request;
          const { pubsubNodes } = host.house.stores;
          if (node === undefined) {
            return visibleNodes(services.of(account!), stanza.from, await pubsubNodes.names(account!.id));
          }
          if ((await pubsubNodes.get(String(account!.id), node)) === undefined) return undefined;
          return guarded(request, (service) => nodeItems(service, stanza.from, node));
        },
      },
      iq: [
        route('get', NS.pubsub),
        route('set', NS.pubsub),
        route('get', NS.pubsubOwner),
        route('set', NS.pubsubOwner),
      ],
      inbound: {
        stamp: (arrival) => approval(host, arrival),
        deliver({ stanza, account }) {
          if (stanza.kind === 'presence') {
            const about = stanza.type === '' || stanza.type === 'unavailable';
            const visits = stanza.from.domain !== host.domain && about && stanza.from.resource !== '';
            return visits ? services.visited(stanza, account) : undefined;
          }
          if (stanza.kind !== 'iq' || stanza.mayBeAnswered || stanza.to!.resource !== '') return undefined;
          return interests.answered(stanza) ? 'stop' : undefined;
        },
      },
      keeps: {
        of: (session) => interests.known(session),
        back: (session, known) => interests.knew(session, known as { key: string; nodes: string[] }),
      },
      on: {
        survived: ({ session }) => interests.seen(session),
        listening({ session, initial }) {
          if (initial) interests.left(session);
          interests.seen(session);
        },
        // Who goes invisible (XEP-0186) hears of the same as before, and has the last items already.
        unavailable: ({ session }) => (session.unshown === undefined ? interests.left(session) : undefined),
        ended: ({ session }) => interests.left(session),
        shown: ({ account, contact }) => services.shown(account, contact),
        hidden: ({ account, contact }) => services.hidden(account, contact),
      },
      stop: () => interests.stop(),
    };
  },
};

/** Defaults, and lists in which there is nothing. */
function saysNothing(answer: Element | undefined): boolean {
  const [first] = answer === undefined ? [] : elements(answer);
  if (first?.name === 'subscriptions' || first?.name === 'affiliations') return first.children.length === 0;
  return first?.name === 'default';
}

/** XEP-0060 §8.6: an owner answers whether somebody may subscribe, by a message to the account. */
function approval(host: Host, { stanza, account }: Arrival): undefined | Promise<'stop' | undefined> {
  if (stanza.kind !== 'message' || stanza.to!.resource !== '' || !mayBeForm(stanza.element)) return undefined;
  const form = readForm(stanza.element);
  if (form?.formType !== SUBSCRIBE_AUTHORIZATION || form.type !== 'submit') return undefined;
  return authorize(accountServices(host).of(account), stanza.from, form.values).then(
    () => 'stop',
    (error: unknown) => {
      // From who owns nothing here it is a message like any other, and tells them no more.
      if (!(error instanceof StanzaError) || stanza.from.bare === stanza.to!.bare) throw error;
      return undefined;
    },
  );
}

const mayBeForm = ({ children }: Element): boolean =>
  children.some((node) => typeof node !== 'string' && node.attrs.xmlns === NS.dataForms);
