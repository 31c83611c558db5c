import type { Feature } from '../feature.ts';
import { bind } from './bind.ts';
import { clientState } from './client-state.ts';
import { modules } from './modules.ts';
import { registration } from './registration.ts';
import { sasl } from './sasl.ts';
import { starttls } from './starttls.ts';
import { streamManagement } from './stream-management.ts';

/** The order of negotiation, which is the order of offers. */
export const FEATURES: readonly Feature[] = [
  starttls,
  registration,
  sasl,
  bind,
  streamManagement,
  clientState,
  modules,
];
