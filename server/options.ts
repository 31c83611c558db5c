import { CLIENT_OPTIONS } from './c2s/options.ts';
import { webOptions } from './c2s/web.ts';
import { onboardingOptions } from './commands/onboarding-options.ts';
import { outageOptions } from './commands/outage.ts';
import { components } from './components/index.ts';
import type { Module } from './host/module.ts';
import type { Option } from './host/options.ts';

/** Every option of the house: those of the modules and components, and those of the other rooms. */
export function allOptions(modules: readonly Module[]): readonly Option[] {
  return [
    ...[...modules, ...components].flatMap((one) => one.options ?? []),
    ...onboardingOptions,
    ...outageOptions,
    ...webOptions,
    ...CLIENT_OPTIONS,
  ];
}
