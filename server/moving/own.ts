import type { Account } from '../storage/stores/accounts.ts';
import { dataForm } from '../xmpp/data-form.ts';
import { type Element, el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { MovingNeeds } from './needs.ts';
import type { NodeFacts, NodeItem } from './nodes.ts';

const NODE_CONFIG = `${NS.pubsub}#node_config`;
/** What decides who may see and do what: where one of these cannot be had, a node is for its owner alone. */
const GUARDING = ['pubsub#access_model', 'pubsub#roster_groups_allowed', 'pubsub#publish_model'];

/** Why something was refused, in words; what is no refusal goes on. */
function wordsOf(error: unknown): string {
  if (!(error instanceof StanzaError)) throw error;
  return error.message === '' ? error.condition : error.message;
}

/**
 * What somebody could have brought themselves, by asking their own account as a client does: so that the same limits hold, and
 * what follows from it follows. Each gives '' or why it was refused.
 */
export class OwnThings {
  readonly #needs: Pick<MovingNeeds, 'ask'>;
  readonly #account: Account;
  /** Nodes with one item at least, of which it is not said how many they hold. */
  readonly #single = new Set<string>();
  readonly #many = new Set<string>();

  constructor(needs: Pick<MovingNeeds, 'ask'>, account: Account) {
    this.#needs = needs;
    this.#account = account;
  }

  async card(card: Element): Promise<string> {
    const refused = await this.#try(card);
    if (refused === '') return '';
    // Better without the photo than not at all.
    card.children = card.children.filter((node) => typeof node === 'string' || node.name !== 'PHOTO');
    const again = await this.#try(card);
    return again === '' ? `a photo: ${refused}` : `a card: ${again}`;
  }

  keep(element: Element): Promise<string> {
    return this.#try(el('query', { xmlns: NS.private }, element));
  }

  block(jid: string): Promise<string> {
    return this.#try(el('block', { xmlns: NS.blocking }, el('item', { jid })));
  }

  /** A node as it was set up. Gives what could not be had. */
  async node({ node, config, affiliations }: NodeFacts): Promise<string[]> {
    const told: string[] = [];
    if (config.has('pubsub#max_items')) this.#many.add(node);
    if ((await this.#setUp(node, config)) !== '') {
      // One after the other, so that what is not known here does not stand in the way of what is.
      await this.#setUp(node, new Map());
      for (const [name, values] of config) {
        const refused = await this.#setUp(node, new Map([[name, values]]));
        if (refused === '') continue;
        told.push(`a setting of a node: ${refused}`);
        if (GUARDING.includes(name)) await this.#setUp(node, new Map([['pubsub#access_model', ['whitelist']]]));
      }
    }
    for (const { jid, affiliation } of affiliations) {
      const list = el('affiliations', { node }, el('affiliation', { jid, affiliation }));
      const refused = await this.#try(el('pubsub', { xmlns: NS.pubsubOwner }, list));
      if (refused !== '') told.push(`what somebody may do at a node: ${refused}`);
    }
    return told;
  }

  async item({ node, id, payload }: NodeItem): Promise<string> {
    // Servers differ in how many items a node holds when nobody says anything: all that there were are kept.
    if (!this.#many.has(node) && this.#single.has(node)) {
      this.#many.add(node);
      await this.#setUp(node, new Map([['pubsub#max_items', ['max']]]));
    }
    this.#single.add(node);
    const publish = el('publish', { node }, el('item', { id }, payload));
    const refused = await this.#try(el('pubsub', { xmlns: NS.pubsub }, publish));
    return refused === '' ? '' : `an item of a node: ${refused}`;
  }

  /** Makes the node, or changes the one there is. */
  async #setUp(node: string, config: ReadonlyMap<string, readonly string[]>): Promise<string> {
    const fields = [...config].map(([name, values]) => ({ name, values }));
    const form = dataForm({ type: 'submit', formType: NODE_CONFIG, fields });
    try {
      const configure = el('configure', {}, form);
      await this.#needs.ask(this.#account, el('pubsub', { xmlns: NS.pubsub }, el('create', { node }), configure));
      return '';
    } catch (error) {
      if (!(error instanceof StanzaError) || error.condition !== 'conflict') return wordsOf(error);
    }
    if (config.size === 0) return '';
    form.parent = null;
    return this.#try(el('pubsub', { xmlns: NS.pubsubOwner }, el('configure', { node }, form)));
  }

  async #try(payload: Element): Promise<string> {
    try {
      await this.#needs.ask(this.#account, payload);
      return '';
    } catch (error) {
      return wordsOf(error);
    }
  }
}
