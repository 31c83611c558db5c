import { CLIENT_OPTIONS } from './c2s/options.ts';
import { webOptions } from './c2s/web.ts';
import { auditMonths } from './commands/audit-keeper.ts';
import { backupOptions } from './commands/backup-options.ts';
import { logLevel } from './commands/log.ts';
import { onboardingOptions } from './commands/onboarding-options.ts';
import { outageOptions } from './commands/outage.ts';
import { webNames } from './commands/web-names.ts';
import type { Component } from './host/component.ts';
import type { Module } from './host/module.ts';
import type { Option } from './host/options.ts';
import { FEDERATION_OPTIONS } from './s2s/options.ts';

/** The groups in the order in which people look for them; one that is not named here comes last. */
const GROUPS = [
  'Joining and leaving',
  'Logging in',
  'Departments',
  'Profiles',
  'Rooms',
  'Files',
  'Other servers',
  'Web',
  'Push notifications',
  'Phones',
  'Calls',
  'Outages',
  'Backup',
  'Activity and log',
  'Publish-subscribe',
];

/** Every option of the house: those of the modules and components, and those of the other rooms, each group together. */
export function allOptions(modules: readonly Module[], components: readonly Component[]): readonly Option[] {
  const options: readonly Option[] = [
    ...[...modules, ...components].flatMap((one) => one.options ?? []),
    ...onboardingOptions,
    ...outageOptions,
    ...backupOptions,
    ...webOptions,
    webNames,
    ...CLIENT_OPTIONS,
    ...FEDERATION_OPTIONS,
    auditMonths,
    logLevel,
  ];
  const place = new Map(
    [...new Set([...GROUPS, ...options.map(({ group }) => group)])].map((group, at) => [group, at]),
  );
  return options.toSorted((one, other) => place.get(one.group)! - place.get(other.group)!);
}
