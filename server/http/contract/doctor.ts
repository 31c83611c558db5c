import { Type } from 'typebox';
import { closed, Time } from './shapes.ts';

export const Finding = closed({
  code: Type.String(),
  severity: Type.Union([Type.Literal('good'), Type.Literal('warn'), Type.Literal('bad')]),
  title: Type.String(),
  sentence: Type.String(),
  /** '' for nothing to do. */
  remedy: Type.String(),
  /** A page of the panel, as `/backup`; '' for none. */
  link: Type.String(),
});

export const Diagnosis = closed({
  time: Time,
  /** The worst first. */
  findings: Type.Array(Finding),
});

export const doctor = {
  /** The last diagnosis, or a new one when that is older than five minutes. */
  'GET /api/doctor': { reply: Diagnosis },

  /** A new one. */
  'POST /api/doctor': { reply: Diagnosis },
} as const;
