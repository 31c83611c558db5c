export type Severity = 'good' | 'warn' | 'bad';

/** One thing that the doctor looked at. */
export interface Finding {
  /** What was looked at, for machines; it stays the same. */
  readonly code: string;
  readonly severity: Severity;
  readonly title: string;
  /** How it is. */
  readonly sentence: string;
  /** What to do about it; '' for nothing. */
  readonly remedy: string;
  /** The page of the panel where that is done; '' for none. */
  readonly link: string;
}

/** One look at one thing. */
export interface Check {
  readonly code: string;
  readonly title: string;
  /** Ends by itself, or when the signal says so. */
  run(signal: AbortSignal): Promise<readonly Finding[]>;
}

/** Findings of one check under its code and title. */
export function about(code: string, title: string) {
  return {
    good: (sentence: string, link = ''): Finding => ({ code, severity: 'good', title, sentence, remedy: '', link }),
    warn: (sentence: string, remedy: string, link = ''): Finding => ({
      code,
      severity: 'warn',
      title,
      sentence,
      remedy,
      link,
    }),
    bad: (sentence: string, remedy: string, link = ''): Finding => ({
      code,
      severity: 'bad',
      title,
      sentence,
      remedy,
      link,
    }),
  };
}

const RANK = { bad: 0, warn: 1, good: 2 } as const;

/** The worst first. */
export function bySeverity(one: Finding, other: Finding): number {
  return RANK[one.severity] - RANK[other.severity];
}
