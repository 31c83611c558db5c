import type { Component } from '../host/component.ts';
import { pubsub } from './pubsub/index.ts';
import { search } from './search.ts';

/** The services beside each host, in the order in which they are listed. */
export const components: readonly Component[] = [pubsub, search];
