import type { Feature } from '../feature.ts';
import { bind } from './bind.ts';
import { channelBindings } from './channel-bindings.ts';
import { clientState } from './client-state.ts';
import { limits } from './limits.ts';
import { modules } from './modules.ts';
import { registration } from './registration.ts';
import { sasl } from './sasl.ts';
import { sasl2 } from './sasl2.ts';
import { starttls } from './starttls.ts';
import { streamManagement } from './stream-management.ts';

/** The order of negotiation, which is the order of offers. */
export const FEATURES: readonly Feature[] = [
  starttls,
  registration,
  sasl2,
  sasl,
  channelBindings,
  bind,
  streamManagement,
  clientState,
  limits,
  modules,
];
