import type { Component } from '../host/component.ts';
import { muc } from './muc/index.ts';
import { pubsub } from './pubsub/index.ts';
import { search } from './search.ts';

/** The services beside each host, in the order in which they are listed. */
export const components: readonly Component[] = [muc, pubsub, search];
